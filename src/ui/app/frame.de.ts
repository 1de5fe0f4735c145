import { words as units } from '../messages/units.de.ts';
import type { frameWords } from './frame.en.ts';

export const words: ReturnType<typeof frameWords> = {
  sharedTitle: 'Gradproof: ein geteiltes Ergebnis',
  skip: 'Zum Inhalt springen',
  views: 'Ansichten',
  all: 'Alle Ansichten',
  readingLink: 'Der Link wird gelesen …',
  loading: 'Wird geladen …',
  longAddress: (most) =>
    `Die Adresse dieser Seite ist länger als ${units.number(most)} Zeichen, also wurde nichts von ihr übernommen.`,
  unknownAddress: (reason) => `Die Adresse dieser Seite verlangt etwas Unbekanntes: ${reason}.`,
  partMissing:
    'Ein Teil dieser Seite ließ sich nicht laden: nachsehen, ob Netz und Server der Seite da sind, und die Seite dann neu laden.',
  close: 'Schließen',
  inBrowser: 'Alles läuft in diesem Browser.',
  withPython: 'Alles läuft auf diesem Rechner: in diesem Browser und, wo so gewählt, in Python.',
  private: ({ sink, models }) =>
    `Nichts wird hochgeladen${sink ? `, außer dem Protokoll eines Laufs an ${sink}, wo so gewählt` : ''}, und nichts wird von anderswo geladen${models ? `, außer Modellen, die du von ${models} holst` : ''}.`,
  offline: 'Es geht auch ohne Netz.',
  newer:
    'Eine neuere Version dieser Seite ist da. Sie erscheint nach dem Neuladen; was gerade läuft, geht bis dahin weiter.',
  reload: 'Neu laden',
  keyboard: 'Tastatur',
  language: 'Sprache',
};
