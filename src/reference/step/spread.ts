import { mapped } from '../../graph/call.ts';
import type { DType } from '../../tensor/dtype.ts';
import { Random } from '../../tensor/random.ts';
import { maxAbs, storageStep } from '../bounds.ts';
import type { Acceptance, Values } from '../record.ts';
import { ulp } from '../simulation/rounding.ts';

/** Runs that a spread is measured by. */
export const RUNS = 5;
const SPREADS = 10;
/** The least that a tensor may be off, as a share of its largest element. */
export const SHARE = 1e-5;

/** How far apart the runs of a spread lie, by tensor. */
export type Spread = Readonly<Record<string, number>>;

/**
 * The largest difference of two of five float32 runs, by tensor. Their start weights differ by half
 * a unit in the last place of the format in which products take them, up or down as chance has it.
 */
export async function spreadOf(
  weights: Values,
  dtype: DType,
  run: (weights: Values) => Promise<Values>,
): Promise<Spread> {
  const ran: Values[] = [];
  for (let seed = 0; seed < RUNS; seed++) ran.push(await run(perturbed(weights, dtype, seed)));
  const [first] = ran as [Values, ...Values[]];
  return mapped(first, ({ data }, name) =>
    data.reduce((most, _, i) => {
      return Math.max(most, apart(ran.map((values) => values[name]?.data[i] as number)));
    }, 0),
  );
}

/** How far the same number of several runs lies apart. */
export function apart(numbers: readonly number[]): number {
  return Math.max(...numbers) - Math.min(...numbers);
}

/** How far a number may be off by a spread: ten times as far, or `least`. */
export function limitBy(spread: number, least: number): number {
  return Math.max(least, SPREADS * spread);
}

/** How far tensors may be from `truth` as a whole: ten times the spread, or 1e-5 of the largest. */
export function limitsOf(
  truth: Values,
  spread: Spread = {},
): Readonly<Record<string, Extract<Acceptance, { readonly kind: 'within' }>>> {
  return mapped(truth, ({ data }, name) => {
    const limit = limitBy(spread[name] ?? 0, SHARE * maxAbs(data));
    return { kind: 'within', bound: new Float64Array(data.length).fill(limit) };
  });
}

function perturbed(weights: Values, dtype: DType, seed: number): Values {
  const random = new Random(seed);
  const half = (x: number) => (storageStep(x, dtype) || ulp(x)) / 2;
  return mapped(weights, ({ shape, data }) => ({
    shape,
    data: data.map((x) => (random.integer(0, 1) ? x + half(x) : x - half(x))),
  }));
}
