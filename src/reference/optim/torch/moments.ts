import type { Calculation } from '../calculation.ts';

/** Both moments of Adam. */
export interface Moments<T> {
  readonly exp_avg: T;
  readonly exp_avg_sq: T;
}

/** What they become by the gradient `g`. */
export function moments<T>(
  { sub, mul, mulAdd }: Calculation<T>,
  { exp_avg, exp_avg_sq }: Moments<T>,
  g: T,
  { rest1, beta2, rest2 }: Readonly<Record<'rest1' | 'beta2' | 'rest2', T>>,
): Moments<T> {
  return {
    exp_avg: mulAdd(rest1, sub(g, exp_avg), exp_avg),
    exp_avg_sq: mulAdd(beta2, exp_avg_sq, mul(rest2, mul(g, g))),
  };
}
