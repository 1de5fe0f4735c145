import { words as units } from '../messages/units.de.ts';
import type { frameWords } from './frame.en.ts';

export const words: ReturnType<typeof frameWords> = {
  sharedTitle: 'Gradproof: ein geteiltes Ergebnis',
  skip: 'Zum Inhalt springen',
  views: 'Ansichten',
  readingLink: 'Der Link wird gelesen …',
  loading: 'Wird geladen …',
  longAddress: (most) =>
    `Die Adresse dieser Seite ist länger als ${units.number(most)} Zeichen, also wurde nichts von ihr übernommen.`,
  unknownAddress: (reason) => `Die Adresse dieser Seite verlangt etwas Unbekanntes: ${reason}.`,
  noRecording:
    'Unter diesen Dateien ist keine Aufzeichnung (.safetensors); zum Nachtrainieren auf einem Text eine einzelne Datei ablegen.',
  nothingChosen: (query) =>
    `Zu „${query}“ passt keine Prüfung, also lief nichts: die Einzelheiten sagen, warum.`,
  partMissing:
    'Ein Teil dieser Seite ließ sich nicht laden: nachsehen, ob Netz und Server der Seite da sind, und die Seite dann neu laden.',
  cannotReplay:
    'Aufzeichnungen lassen sich hier nicht nachrechnen: Noch kann nichts auf dem Grafikchip dieses Rechners rechnen.',
  runGoesOn:
    'Ein Lauf ist im Gange: ihn anhalten oder sein Ende abwarten und die Aufzeichnungen dann nachrechnen.',
  close: 'Schließen',
  inBrowser: 'Alles läuft in diesem Browser.',
  withPython: 'Alles läuft auf diesem Rechner: in diesem Browser und, wo so gewählt, in Python.',
  private: 'Nichts wird hochgeladen, und nichts wird von anderswo geladen.',
  offline: 'Es geht auch ohne Netz.',
  newer:
    'Eine neuere Version dieser Seite ist da. Sie erscheint nach dem Neuladen; was gerade läuft, geht bis dahin weiter.',
  reload: 'Neu laden',
  keyboard: 'Tastatur',
  language: 'Sprache',
};
