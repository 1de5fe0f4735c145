import type { Messages } from '../en.ts';
import { probe } from './probe.ts';
import { units } from './units.ts';

export const check: Messages['check'] = {
  question: {
    before: 'Kann dieser Rechner ein Sprachmodell ',
    whole: 'nachtrainieren',
    after: ', richtig und schnell?',
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
  copyLink: 'Link kopieren …',
  saveReport: 'Bericht speichern',
  arithmetic: {
    title: 'Wie dieser Chip rechnet',
    caption: 'Durch Rechnen gefunden, vor der ersten Prüfung.',
    what: 'Was',
    here: 'Hier',
    means: 'Für die Urteile',
    words: probe,
  },
  announce: {
    starting: 'Es geht los.',
    running: 'Läuft.',
    stopping: 'Wird angehalten.',
    paused: 'Angehalten.',
    done: (percent) => `${percent} Prozent geschafft.`,
    trained: 'Das Nachtrainieren ist zu Ende.',
  },
};
