import { words as units } from '../messages/units.de.ts';
import type { checkWords } from './check.en.ts';

export const words: ReturnType<typeof checkWords> = {
  question: {
    before: 'Kann dieser Rechner ein Sprachmodell ',
    whole: 'nachtrainieren,',
    after: ' richtig und schnell?',
  },
  lead: 'Diese Seite probiert jede Rechnung, die das Nachtrainieren braucht, auf dem Grafikchip aus und vergleicht jede Zahl mit der wahren.',
  run: 'Starten',
  again: 'Noch einmal',
  stop: 'Anhalten',
  stopping: 'Wird angehalten …',
  nothingRuns: 'Vorher kann nichts laufen.',
  costs: { quick: 'Etwa eine Minute', full: 'Bis zu zehn Minuten', slow: 'Bis zu einer Stunde' },
  chosenOnly: 'Nur die gewählten Prüfungen',
  withLibraries: (ours, devices) =>
    `${ours}, und noch einmal so lange für ${devices === 1 ? 'die Bibliothek' : `jede von ${units.number(devices)} Bibliotheken`}`,
  noUpload: (cost) => `${cost}. Nichts wird hochgeladen.`,
  progress: 'Fortschritt des Laufs',
  theSwitch: 'Hier ist der Schalter.',
  try: 'Am eigenen Text ausprobieren',
  tryAfter: ': zusehen, wie ein kleines Modell ihn hier lernt, und wie schnell.',
  hung: {
    before: 'Die Prüfung ',
    after: ' kam nicht rechtzeitig zurück, und der Grafikprozess hängt. Seite neu laden:',
  },
  goesOn: 'Der Lauf geht dann von hier aus weiter.',
  reload: 'Neu laden',
  announce: {
    starting: 'Es geht los.',
    running: 'Läuft.',
    stopping: 'Wird angehalten.',
    paused: 'Angehalten.',
    done: (percent) => `${percent} Prozent geschafft.`,
    trained: 'Das Nachtrainieren ist zu Ende.',
    timed: 'Der Tempovergleich ist beendet.',
    measured: 'Die Messung ist beendet.',
  },
  sheet: {
    title: 'Welche Modelle könnten hier lernen?',
    lead: 'Von einer halben bis zu siebzig Milliarden Parametern, oder ein eigenes: Speicher Teil für Teil, und Zeit.',
    open: 'Modellblatt öffnen',
  },
  charts: 'Diagramme',
};
