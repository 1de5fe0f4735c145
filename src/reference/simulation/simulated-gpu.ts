import { Random } from '../../tensor/random.ts';
import { FLUSH } from '../bounds.ts';
import { floorTo32, ROUNDINGS, type Rounder, type Rounding, rounderOf, ulp } from './rounding.ts';

/** What WGSL leaves open to an implementation. */
export interface FloatEnvironment {
  readonly rounding: Rounding;
  /** Whether a * b + c is rounded once. */
  readonly contraction: boolean;
  /** Whether denormal operands and results become 0. */
  readonly flush: boolean;
}

/**
 * Float32 arithmetic of a legal GPU, operation by operation. Sums, differences and products are one
 * of the two neighbours of the exact result. Where WGSL grants more (division 2.5 ULP, inverseSqrt
 * 2, sqrt as 1 / inverseSqrt, exp 3 + 2|x|, log 3 or 2^-21), nearest is correctly rounded, random
 * anywhere within, and the directed modes use it all up in their direction.
 */
export class SimulatedGpu {
  readonly environment: FloatEnvironment;
  readonly #random: Random;
  readonly #rounder: Rounder;
  /** Magnitudes below are 0. */
  readonly #smallest: number;

  constructor(environment: FloatEnvironment, seed: number) {
    this.environment = environment;
    this.#smallest = environment.flush ? FLUSH : 0;
    this.#random = new Random(seed);
    this.#rounder = rounderOf(environment.rounding, coins(this.#random));
  }

  add(a: number, b: number): number {
    return this.#sum(this.#operand(a), this.#operand(b));
  }

  sub(a: number, b: number): number {
    return this.#sum(this.#operand(a), -this.#operand(b));
  }

  /** The product of two float32 values is exact in float64. */
  mul(a: number, b: number): number {
    return this.#round(this.#operand(a) * this.#operand(b), 0);
  }

  /** a * b + c, fused where the environment contracts. */
  mulAdd(a: number, b: number, c: number): number {
    const product = this.#operand(a) * this.#operand(b);
    const first = this.environment.contraction ? product : this.#round(product, 0);
    return this.#sum(first, this.#operand(c));
  }

  div(a: number, b: number): number {
    const x = this.#operand(a);
    const y = this.#operand(b);
    return this.#within(x / y, 2.5);
  }

  inverseSqrt(x: number): number {
    return this.#within(1 / Math.sqrt(this.#operand(x)), 2);
  }

  sqrt(x: number): number {
    if (this.#operand(x) === 0) return 0;
    return this.environment.rounding === 'nearest'
      ? Math.fround(Math.sqrt(x))
      : this.div(1, this.inverseSqrt(x));
  }

  exp(x: number): number {
    const power = this.#operand(x);
    return this.#within(Math.exp(power), 3 + 2 * Math.abs(power));
  }

  log(x: number): number {
    const y = Math.log(this.#operand(x));
    return x >= 0.5 && x <= 2 ? this.#withinAbsolute(y, 2 ** -21) : this.#within(y, 3);
  }

  /**
   * Exact sum of two float64 values as a value and its remainder (Knuth's two-sum), then rounded
   * once.
   */
  #sum(a: number, b: number): number {
    const high = a + b;
    const part = high - a;
    return this.#round(high, a - (high - part) + (b - part));
  }

  #operand(x: number): number {
    return Math.abs(x) < this.#smallest ? 0 : x;
  }

  #round(high: number, low: number): number {
    return this.#operand(this.#rounder(high, low));
  }

  #within(y: number, ulps: number): number {
    return this.#withinAbsolute(y, ulps * ulp(y));
  }

  /** A float32 at most `allowance` from `y`. */
  #withinAbsolute(y: number, allowance: number): number {
    const { rounding } = this.environment;
    if (rounding === 'nearest' || !Number.isFinite(y)) return this.#round(y, 0);
    const share =
      rounding === 'random' ? this.#random.uniform(-1) : rounding === 'up' ? 1 : -Math.sign(y);
    const target = y + share * allowance;
    // Rounded towards y, so as not to leave the allowance.
    return this.#operand(target > y ? floorTo32(target) : -floorTo32(-target));
  }
}

/** Tosses a coin at each call, 32 for a word: its bits, the lowest first. */
function coins(random: Random): () => boolean {
  let word = 0;
  let left = 0;
  return () => {
    if (left === 0) {
      word = random.word();
      left = 32;
    }
    const bit = (word & 1) !== 0;
    word >>>= 1;
    left--;
    return bit;
  };
}

/**
 * One simulated GPU for each rounding; `turn` picks one of the four combinations of contraction and
 * flushing.
 */
export function simulatedGpus(turn: number): readonly SimulatedGpu[] {
  const contraction = turn % 2 === 1;
  const flush = turn % 4 > 1;
  return ROUNDINGS.map((rounding) => new SimulatedGpu({ rounding, contraction, flush }, turn));
}
