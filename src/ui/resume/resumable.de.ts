import { ago } from '../messages/ago.ts';
import { words as units } from '../messages/units.de.ts';
import type { resumableWords } from './resumable.en.ts';

const { count, bytes, number } = units;

export const words: ReturnType<typeof resumableWords> = {
  heading: (n) =>
    n === 0
      ? 'Läufe einer anderen Version'
      : n === 1
        ? 'Ein Lauf, der weitergehen kann'
        : `${number(n)} Läufe, die weitergehen können`,
  lead: 'Was vor seinem letzten Schritt endete, geht von seinem letzten Sicherungspunkt weiter, als wäre nichts gewesen.',
  run: (model, when) => `${model}, ${when}`,
  at: (step, steps) =>
    `nach Schritt ${number(step)} von ${count(steps, { one: 'Schritt', other: 'Schritten' })}`,
  loss: (loss) => `Verlust ${loss}`,
  saved: (ms) => `gesichert ${ago('de')(ms)}`,
  resume: 'Fortsetzen',
  folderNeeded: (folder) => `Zum Fortsetzen ${folder} noch einmal wählen.`,
  chooseFolder: 'Ordner wählen und fortsetzen',
  chooseFile: 'Datei wählen und fortsetzen',
  refusal: 'dieser Lauf läuft in einem anderen Tab: hier fortsetzen, wenn er dort geendet hat',
  elsewhere: 'Er läuft in einem anderen Tab.',
  foreign:
    'Ein Lauf, den eine andere Version dieser Seite aufhob: Diese kann ihn nicht fortsetzen.',
  foreignRun: 'Der Lauf der anderen Version',
  remove: (size) => `Löschen (${bytes(size)})`,
  removed: (name) => `${name} wurde gelöscht.`,
  keeping: {
    notYet:
      'Sein erster Sicherungspunkt kommt nach einer Minute oder 50 Schritten oder wenn er angehalten wird: Von da an kann er hier weitergehen, wenn der Tab geschlossen wird.',
    lasting:
      'Seine Sicherungspunkte bleiben bis zum letzten Schritt in diesem Browser: Wird der Tab geschlossen, kann er hier weitergehen.',
    whileThereIsRoom:
      'Seine Sicherungspunkte bleiben bis zum letzten Schritt in diesem Browser: Wird der Tab geschlossen, kann er hier weitergehen. Wird die Platte knapp, kann der Browser sie löschen.',
    nothing:
      'Dieser Browser hebt keine Sicherungspunkte auf: Wird der Tab geschlossen, ist dieser Lauf verloren.',
  },
};
