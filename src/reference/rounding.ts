import { EPS, FLUSH, LARGEST } from './bounds.ts';

/** What keeping a number in a format costs. */
export interface Rounding {
  /** Unit of rounding. */
  readonly eps: number;
  /** What a number below the format's range may lose. */
  readonly flush: number;
  /** The largest number. */
  readonly largest: number;
}

/** Of float32, in which our kernels compute. */
export const IN_FLOAT32: Rounding = { eps: EPS, flush: FLUSH, largest: LARGEST };

/**
 * Of libraries that keep every number in halves, rounded to the nearest: the unit is a whole step
 * at 1, twice what such a rounding costs, and that is more than what first-order bounds leave out.
 * Float16 loses what is below its smallest number; bfloat16 has the range of float32.
 */
export const IN_HALVES: Readonly<Record<'f16' | 'bf16', Rounding>> = {
  f16: { eps: 2 ** -10, flush: 2 ** -24, largest: 65_504 },
  bf16: { eps: 2 ** -7, flush: FLUSH, largest: (2 - 2 ** -7) * 2 ** 127 },
};
