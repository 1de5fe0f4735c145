import { philox } from './philox.ts';

/** Words of a 64-bit whole number, the low one first. */
export function wordsOf(n: number): readonly [low: number, high: number] {
  return [n >>> 0, Math.floor(n / 2 ** 32)];
}

/** A sequence of numbers drawn from one Philox stream. */
export class Random {
  readonly #seed: number;
  readonly #stream: number;
  #counter = 0;
  #block: readonly number[] = [];
  /** Words of the block that are drawn. */
  #drawn = 0;

  constructor(seed: number, stream = 0) {
    this.#seed = seed;
    this.#stream = stream;
  }

  /** A 32-bit unsigned integer. */
  word(): number {
    if (this.#drawn === this.#block.length) {
      const [low, high] = wordsOf(this.#counter++);
      this.#block = philox([low, high, 0, 0], [this.#seed, this.#stream]);
      this.#drawn = 0;
    }
    return this.#block[this.#drawn++] as number;
  }

  /** Uniform in [low, high), a multiple of 2^-24 of the span. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * ((this.word() >>> 8) / 2 ** 24);
  }

  /** An integer in [low, high], both included. */
  integer(low: number, high: number): number {
    return low + (this.word() % (high - low + 1));
  }

  /** Standard normal times `deviation`, by Box and Muller. */
  normal(deviation = 1): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return deviation * radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** `count` draws. */
  fill(count: number, draw: () => number): Float64Array {
    const drawn = new Float64Array(count);
    for (let i = 0; i < count; i++) drawn[i] = draw();
    return drawn;
  }
}
