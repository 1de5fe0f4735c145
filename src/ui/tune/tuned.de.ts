import { words as units } from '../messages/units.de.ts';
import type { tunedWords } from './tuned.en.ts';

const { count, bytes, number } = units;
const steps = (n: number) => count(n, { one: 'Schritt', other: 'Schritte' });

export const words: ReturnType<typeof tunedWords> = {
  heading: 'Aufbewahrte Läufe',
  lead: 'Von Läufen, die du aufbewahrst, bleiben Einstellungen, Kurven, Antworten und was trainiert wurde auf diesem Gerät und gehen nirgendwohin. Die Modelle selbst bleiben, wo sie sind.',
  none: 'Noch ist kein Lauf aufbewahrt.',
  keep: 'Diesen Lauf aufbewahren',
  isKept: 'Dieser Lauf ist aufbewahrt.',
  refused:
    'Dieser Browser hat ihn nicht aufbewahrt: Sein Speicher ist gesperrt oder voll. Speichere stattdessen Protokoll und Gewichte als Dateien.',
  size: (n, size) => `${count(n, { one: 'Lauf', other: 'Läufe' })}, ${bytes(size)}`,
  run: (model, when) => `${model}, ${when}`,
  facts: {
    settings: (type, made) => (type ? `${type}, ${steps(made)}` : steps(made)),
    rank: (rank) => `Rang ${number(rank)}`,
    rate: (rate) => `Rate ${rate}`,
    heldout: (before, after) => `Verlust auf Ungesehenem ${before} → ${after}`,
    loss: (loss) => `letzter Verlust ${loss}`,
    files: (size) => `trainiert: ${size}`,
  },
  compare: 'Vergleichen',
  compareHint: 'zwei wählen, um ihre Verluste in einer Abbildung zu sehen',
  first: 'erster',
  second: 'zweiter',
  weights: {
    kept: 'Was er trainiert hat, auch in sein Modell eingeschmolzen',
    without: 'Was er trainiert hat, wurde nicht mit aufbewahrt.',
  },
  answers: 'Seine Antworten',
  answer: { before: 'Vorher:', after: 'Nachher:' },
  foreign:
    'Ein aufbewahrter Lauf, den diese Version der Seite nicht lesen kann: Er ist beschädigt, oder eine andere Version hat ihn aufbewahrt.',
  foreignRun: 'Der unlesbare Lauf',
  remove: 'Löschen',
  removeBytes: (size) => `Löschen (${bytes(size)})`,
  removed: (name) => `${name} wurde gelöscht.`,
};
