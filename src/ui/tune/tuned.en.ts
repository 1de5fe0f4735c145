import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const { count, bytes, number } = units;
const steps = (n: number) => count(n, { one: 'step', other: 'steps' });

/** Fine-tunings that are kept on this device. */
export const tunedWords = words('tuned', {
  heading: 'Kept runs',
  lead: 'Settings, curves, answers and what was trained of the runs that you keep stay on this device and go nowhere. The models themselves stay where they are.',
  none: 'No run is kept yet.',
  keep: 'Keep this run',
  isKept: 'This run is kept.',
  refused:
    'This browser did not keep it: its storage is blocked or full. Save log and weights as files instead.',
  size: (n: number, size: number) => `${count(n, { one: 'run', other: 'runs' })}, ${bytes(size)}`,
  run: (model: string, when: string) => `${model}, ${when}`,
  facts: {
    settings: (type: string, made: number) => (type ? `${type}, ${steps(made)}` : steps(made)),
    rank: (rank: number) => `rank ${number(rank)}`,
    rate: (rate: string) => `rate ${rate}`,
    heldout: (before: string, after: string) => `held-out loss ${before} → ${after}`,
    loss: (loss: string) => `last loss ${loss}`,
    files: (size: string) => `trained: ${size}`,
  },
  compare: 'Compare',
  compareHint: 'choose two to see their losses in one figure',
  first: 'first',
  second: 'second',
  weights: {
    kept: 'What it trained, also merged into its model',
    without: 'What it trained was not kept with it.',
  },
  answers: 'Its answers',
  answer: { before: 'Before:', after: 'After:' },
  foreign:
    'A kept run that this version of the page cannot read: it is damaged, or another version kept it.',
  foreignRun: 'The run that cannot be read',
  remove: 'Delete',
  removeBytes: (size: number) => `Delete (${bytes(size)})`,
  removed: (name: string) => `${name} was deleted.`,
});
