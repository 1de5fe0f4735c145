import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const { bytes, count, milliseconds } = units;
const steps = (n: number) => count(n, { one: 'step', other: 'steps' });

/** What happened to a run beside its steps. */
export const happenedWords = words('happened', {
  heading: (n: number) => `What happened (${units.number(n)})`,
  label: 'What happened, the latest first',
  checkpoint: (step: number, size: number, ms: number) =>
    `Checkpoint after ${steps(step)}: ${bytes(size)} in ${milliseconds(ms)}.`,
  resumed: (step: number) => `Resumed from the checkpoint after ${steps(step)}.`,
  lost: (step: number) => `Interrupted after ${steps(step)}:`,
  refused: (step: number) => `No checkpoint after ${steps(step)}:`,
});
