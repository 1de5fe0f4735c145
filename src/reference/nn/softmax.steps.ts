import type { Range, Steps } from '../foreseen.ts';

/** Along the last dimension of a tensor torch goes another way than along others. */
type Axis = 'last' | 'other';

/** Which it is of a shape. */
export const axisOf = ({ length }: readonly number[], axis: number): Axis =>
  axis === -1 || axis === length - 1 ? 'last' : 'other';

/** Differences to the largest of a row, their exponentials, and the sum of those. */
function partsOf({ exactly, sub, exp, sum }: Steps, x: readonly number[]) {
  const largest = exactly(x.reduce((a, b) => Math.max(a, b)));
  const below = x.map((value) => sub(exactly(value), largest));
  const exps = below.map(exp);
  return { below, exps, sum: sum(exps) };
}

/** Softmax of a row by torch: one step along the last axis, along others of exponentials as stored. */
export function storedSoftmax(steps: Steps, x: readonly number[], axis: Axis): Range[] {
  const { stored, div } = steps;
  const { exps, sum } = partsOf(steps, x);
  return exps.map((e) => stored(div(axis === 'last' ? e : stored(e), sum)));
}

/** Its logarithms: along the last axis of a sum that is stored, and its logarithm too. */
export function storedLogSoftmax(steps: Steps, x: readonly number[], axis: Axis): Range[] {
  const { stored, sub, log } = steps;
  const { below, sum } = partsOf(steps, x);
  const logSum = axis === 'last' ? stored(log(stored(sum))) : log(sum);
  return below.map((d) => stored(sub(d, logSum)));
}

/** What flows through softmax whose result is `y`: (dy - sum of dy y) y. */
export function softmaxStep(
  { stored, mul, sub, sum }: Steps,
  y: readonly Range[],
  dy: readonly Range[],
): Range[] {
  const total = sum(y.map((value, c) => mul(dy[c] as Range, value)));
  return y.map((value, c) => stored(mul(sub(dy[c] as Range, total), value)));
}

/** What flows through log_softmax whose result is `y`: dy - exp(y) times its sum. */
export function logSoftmaxStep(
  { stored, sub, mul, exp, sum }: Steps,
  y: readonly Range[],
  dy: readonly Range[],
): Range[] {
  const total = sum(dy);
  return y.map((log, c) => stored(sub(dy[c] as Range, mul(exp(log), total))));
}
