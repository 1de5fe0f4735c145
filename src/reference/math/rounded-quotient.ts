import { type DType, isHalf } from '../../tensor/dtype.ts';
import { heldAs } from '../../tensor/half.ts';
import type { Division } from '../record.ts';

type Round = (x: number) => number;

export const ROUND = { trunc: Math.trunc, floor: Math.floor } as const;

/** A quotient that is rounded to an integer. */
interface Asked {
  readonly mode: keyof typeof ROUND;
  /** The type in which it is computed and stored; absent it is float64. */
  readonly type: DType | undefined;
  readonly division: Division;
  /** Whether all dividends have one divisor. */
  readonly isShared: boolean;
}

/**
 * What arithmetic that rounds to nearest makes of a / b rounded to an integer: the rounded quotient,
 * or floored (a - a mod b) / b, as Python, numpy and torch have it; of halves with each operation in
 * float32, or in halves.
 */
export function roundedQuotients(a: number, b: number, asked: Asked): ReadonlySet<number> {
  const { mode, type, division, isShared } = asked;
  const half = type && isHalf(type) ? (x: number) => heldAs(type, x) : undefined;
  const formats: readonly Round[] =
    type === undefined ? [(x) => x] : [Math.fround, half ?? Math.fround];
  const found = formats.flatMap((held) => {
    const quotients: Round[] = [(x) => held(x / b)];
    if (isShared && division !== 'nearest') quotients.push((x) => held(x * held(1 / b)));
    return quotients.flatMap((quotient) => [
      ROUND[mode](quotient(a)),
      ...(mode === 'floor' ? [floored(a, b, quotient, held)] : []),
    ]);
  });
  return new Set(half ? found.map(half) : found);
}

/** The remainder has the divisor's sign, and no rounding: what is left is divided, and is whole. */
function floored(a: number, b: number, quotient: Round, held: Round): number {
  const rest = a % b;
  const whole = quotient(held(a - rest));
  const below = rest !== 0 && b < 0 !== rest < 0 ? held(whole - 1) : whole;
  const floor = Math.floor(below);
  return below - floor > 0.5 ? held(floor + 1) : floor;
}
