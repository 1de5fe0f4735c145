import { heldAs } from '../tensor/half.ts';
import { EPS, FLUSH, LARGEST } from './bounds.ts';

/** What keeping a number in a format costs. */
export interface Rounding {
  /** Unit of rounding. */
  readonly eps: number;
  /** What a number below the format's range may lose. */
  readonly flush: number;
  /** The largest number. */
  readonly largest: number;
  /** Units of a quotient and of a square root. */
  readonly quotient: number;
  readonly root: number;
  /** Whether it is a number of the format. */
  readonly holds: (x: number) => boolean;
  /** Whether powers may be those of CUDA's fast mathematics. Default no. */
  readonly fastPowers?: boolean;
}

/**
 * Of float32, in which our kernels compute, from numbers of it: WGSL takes a root as 1 / inverseSqrt.
 */
export const IN_FLOAT32: Rounding = {
  eps: EPS,
  flush: FLUSH,
  largest: LARGEST,
  quotient: 2.5,
  root: 4.5,
  holds: () => true,
};

/**
 * Relative error of 1 - base^exponent where CUDA takes the power by __powf, which is exp2f(exponent
 * __log2f(base)): by its programming guide the logarithm errs by 2^-22 between 1/2 and 2 and by two
 * units in the last place elsewhere, exp2f by two units. 0 <= base < 1.
 */
export function fastPowerError(base: number, exponent: number): number {
  if (base === 0) return 0;
  const log = Math.log2(base);
  const ofLog = base >= 0.5 ? 2 ** -22 : 2 * EPS * -log;
  const ofProduct = exponent * (ofLog - EPS * log);
  const power = base ** exponent;
  const error = power * (Math.expm1(Math.LN2 * ofProduct) * (1 + 2 * EPS) + 2 * EPS);
  return error / (1 - power);
}

/** For the products of roundings that first-order bounds leave out: 32 of them in bfloat16. */
const SECOND_ORDER_OF_HALVES = 1 + 2 ** -4;

/** They come from float32, whose own units are nothing beside those of halves. */
const ONE_ROUNDING = { quotient: 1, root: 1 };

/**
 * Of libraries that keep every number in halves, rounded to the nearest: half a step of the format.
 * Float16 loses half of its smallest number below its range; bfloat16 has the range of float32.
 */
export const IN_HALVES: Readonly<Record<'f16' | 'bf16', Rounding>> = {
  f16: {
    eps: 2 ** -11 * SECOND_ORDER_OF_HALVES,
    flush: 2 ** -25,
    largest: 65_504,
    ...ONE_ROUNDING,
    holds: (x) => heldAs('f16', x) === x,
  },
  bf16: {
    eps: 2 ** -8 * SECOND_ORDER_OF_HALVES,
    flush: FLUSH,
    largest: (2 - 2 ** -7) * 2 ** 127,
    ...ONE_ROUNDING,
    holds: (x) => heldAs('bf16', x) === x,
  },
};
