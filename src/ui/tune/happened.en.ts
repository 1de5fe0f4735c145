import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';

const { bytes, count, milliseconds, number, percent } = units;
const precise = (rate: number) => number(rate, { maximumSignificantDigits: 3 });
const wentBack = (to: number) => (to === 0 ? 'back to the start' : `back to after ${steps(to)}`);
const steps = (n: number) => count(n, { one: 'step', other: 'steps' });

/** What happened to a run beside its steps. */
export const happenedWords = words('happened', {
  heading: (n: number) => `What happened (${number(n)})`,
  label: 'What happened, the latest first',
  checkpoint: (step: number, size: number, ms: number, share: number) =>
    `Checkpoint after ${steps(step)}: ${bytes(size)} in ${milliseconds(ms)}; all so far took ${percent(share)} of the time.`,
  resumed: (step: number, writtenBy: string | undefined) =>
    `${step === 0 ? 'Begun anew.' : `Resumed from the checkpoint after ${steps(step)}.`}${
      writtenBy === undefined
        ? ''
        : ` Written by ${writtenBy}: the bits of this version may be others.`
    }`,
  sinkLost: (step: number) => `After ${steps(step)} its log was not taken, and is sent later:`,
  lost: (step: number) => `Interrupted after ${steps(step)}:`,
  refused: (step: number) => `No checkpoint after ${steps(step)}:`,
  leftOut: (step: number) => `A checkpoint after more than ${steps(step)} is left out:`,
  skipped: (step: number, numbers: number, place: string, lossScale: number | undefined) =>
    `Step ${number(step)} skipped: ${count(numbers, { one: 'number', other: 'numbers' })} of the gradients not finite, first ${place}${
      lossScale === undefined ? '' : ` (loss scale ${number(lossScale)}, halved for the next)`
    }.`,
  nonfinite: (step: number, to: number, rate: number) =>
    `Gradients stayed not finite up to step ${number(step)}: ${wentBack(to)}, at a rate of ${precise(rate)}.`,
  exploded: (step: number, to: number, rate: number) =>
    `The loss exploded up to step ${number(step)}: ${wentBack(to)}, at a rate of ${precise(rate)}.`,
  workerLost: (step: number, rank: number, to: number) =>
    `Worker ${number(rank)} lost in step ${number(step)}, all ${wentBack(to)}:`,
  halved: (step: number, to: number, texts: number, parts: number) =>
    `Memory ran out in step ${number(step)}: ${wentBack(to)}, each step now in ${count(parts, { one: 'part', other: 'parts' })} of ${count(texts, { one: 'text', other: 'texts' })}.`,
});
