import { ago } from '../messages/ago.ts';
import { words as units } from '../messages/units.de.ts';
import type { resumableWords } from './resumable.en.ts';

const { count, bytes, number } = units;

export const words: ReturnType<typeof resumableWords> = {
  heading: (n) =>
    n === 1 ? 'Ein Lauf, der weitergehen kann' : `${number(n)} Läufe, die weitergehen können`,
  unsavedHeading: (n) =>
    n === 1
      ? 'Ein Lauf, dessen Ergebnis nicht gespeichert wurde'
      : `${number(n)} Läufe, deren Ergebnisse nicht gespeichert wurden`,
  foreignHeading: 'Läufe, die diese Seite nicht lesen kann',
  lead: 'Was vor seinem letzten Schritt endete, geht von seinem letzten Sicherungspunkt weiter, als wäre nichts gewesen.',
  unsavedLead:
    'Was alle Schritte gemacht hat, wird ohne einen weiteren von seinem letzten Sicherungspunkt geladen: Es kann gespeichert, befragt und behalten werden wie an seinem Ende.',
  run: (model, when) => `${model}, ${when}`,
  at: (step, steps) =>
    `nach Schritt ${number(step)} von ${count(steps, { one: 'Schritt', other: 'Schritten' })}`,
  made: (steps) =>
    `hat ${steps === 1 ? 'seinen einzigen Schritt' : `alle ${number(steps)} Schritte`} gemacht; sein Ergebnis wurde nicht gespeichert`,
  loss: (loss) => `Verlust ${loss}`,
  saved: (ms) => `gesichert ${ago('de')(ms)}`,
  resume: 'Fortsetzen',
  folderNeeded: (folder) => `Zum Fortsetzen ${folder} noch einmal wählen.`,
  chooseFolder: 'Ordner wählen und fortsetzen',
  chooseFile: 'Datei wählen und fortsetzen',
  load: 'Ergebnis laden',
  folderNeededToLoad: (folder) => `Zum Laden ${folder} noch einmal wählen.`,
  chooseFolderToLoad: 'Ordner wählen und laden',
  chooseFileToLoad: 'Datei wählen und laden',
  refusal:
    'dieser Lauf läuft in einem anderen Tab, oder sein Ergebnis ist dort offen: hier nehmen, wenn jener Tab geschlossen ist',
  gone: 'Diesen Lauf gibt es nicht mehr: Ein anderer Tab hat ihn gelöscht, oder sein Ergebnis wurde dort gespeichert oder behalten.',
  elsewhere: 'Er läuft in einem anderen Tab.',
  openElsewhere: 'Sein Ergebnis ist in einem anderen Tab offen.',
  foreign:
    'Ein Lauf, den eine andere Version dieser Seite aufhob: Diese kann ihn nicht fortsetzen.',
  foreignRun: 'Der Lauf der anderen Version',
  damaged:
    'Ein Lauf, dessen Dateien beschädigt sind oder fehlen: Diese Seite kann ihn nicht fortsetzen.',
  damagedRun: 'Der beschädigte Lauf',
  remove: (size) => `Löschen (${bytes(size)})`,
  removed: (name) => `${name} wurde gelöscht.`,
  keeping: {
    notYet:
      'Sein erster Sicherungspunkt kommt nach einer Minute oder 50 Schritten oder wenn er angehalten wird: Von da an kann er hier weitergehen, wenn der Tab geschlossen wird.',
    lasting:
      'Seine Sicherungspunkte bleiben in diesem Browser, bis sein Ergebnis gespeichert oder behalten ist: Wird der Tab geschlossen, kann er hier weitergehen.',
    whileThereIsRoom:
      'Seine Sicherungspunkte bleiben in diesem Browser, bis sein Ergebnis gespeichert oder behalten ist: Wird der Tab geschlossen, kann er hier weitergehen. Wird die Platte knapp, kann der Browser sie löschen.',
    nothing:
      'Dieser Browser hebt keine Sicherungspunkte auf: Wird der Tab geschlossen, ist dieser Lauf verloren.',
  },
};
