import { Random } from '../tensor/random.ts';
import { FLUSH } from './bounds.ts';
import type { Acceptance, Value } from './record.ts';

/** How a simulated GPU rounds: to either neighbour by chance, always toward zero, or always up. */
export type Rounding = 'random' | 'truncate' | 'up';

/**
 * Float32 arithmetic as WGSL permits it at its worst: every basic result is a neighbour of the true one, denormals become 0, and
 * exp, log, division and sqrt use up their allowance. What it computes by a kernel's formula must stay within the op's bound.
 */
export class LegalArithmetic {
  readonly #rounding: Rounding;
  readonly #random: Random;

  constructor(rounding: Rounding, seed: number) {
    this.#rounding = rounding;
    this.#random = new Random(seed);
  }

  /** The result of an operation that is "correctly rounded": one of the two neighbours. */
  round(x: number): number {
    const nearest = Math.fround(x);
    if (Math.abs(nearest) < FLUSH) return 0;
    if (nearest === x) return x;
    const other = nearest < x ? nearest + ulp(nearest) : nearest - ulp(nearest);
    const [low, high] = nearest < x ? [nearest, other] : [other, nearest];
    if (this.#rounding === 'up') return high;
    if (this.#rounding === 'truncate') return x > 0 ? low : high;
    return this.#random.integer(0, 1) === 0 ? low : high;
  }

  exp(x: number): number {
    return this.#within(Math.exp(x), (3 + 2 * Math.abs(x)) * ulp(Math.exp(x)));
  }

  log(x: number): number {
    return this.#within(Math.log(x), x >= 0.5 && x <= 2 ? 2 ** -21 : 3 * ulp(Math.log(x)));
  }

  divide(a: number, b: number): number {
    return this.#within(a / b, 2.5 * ulp(a / b));
  }

  inverseSqrt(x: number): number {
    return this.#within(1 / Math.sqrt(x), 2 * ulp(1 / Math.sqrt(x)));
  }

  sqrt(x: number): number {
    return x === 0 ? 0 : this.divide(1, this.inverseSqrt(x));
  }

  /** Nearly as far from `y` as `allowance`, in the direction that the rounding prefers. */
  #within(y: number, allowance: number): number {
    if (Math.abs(y) < FLUSH) return 0;
    const share = this.#rounding === 'random' ? this.#random.uniform(-1, 1) : this.#rounding === 'up' ? 1 : -Math.sign(y);
    return y + 0.999 * share * allowance;
  }
}

/** Distance between float32 neighbours at `x`. */
function ulp(x: number): number {
  const magnitude = Math.max(Math.abs(x), FLUSH);
  return 2 ** (Math.floor(Math.log2(magnitude)) - 23);
}

/** Every rounding with a few seeds, for tests that repeat a simulation. */
export const LEGAL_GPUS: readonly LegalArithmetic[] = (['truncate', 'up', 'random', 'random', 'random'] as const).map(
  (rounding, seed) => new LegalArithmetic(rounding, seed),
);

/** The largest share of its bound that an element's error takes; more than 1, or NaN, breaks it. */
export function boundUsed(actual: ArrayLike<number>, oracle: Value, acceptance: Acceptance | undefined): number {
  if (acceptance?.kind !== 'within') throw new TypeError('boundUsed needs an acceptance within a bound');
  const shares = Array.from(actual, (y, i) => {
    const error = Math.abs(y - (oracle.data[i] as number));
    return error === 0 ? 0 : error / (acceptance.bound[i] as number);
  });
  return Math.max(...shares);
}
