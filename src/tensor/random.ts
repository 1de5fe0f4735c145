/**
 * Philox 4x32-10, the counter-based generator of the project (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
 * The stream `n` of a seed is the same in TypeScript, WGSL and Python, so weights and inputs can be written as seeds.
 */

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** The 64-bit product of two 32-bit words, by 16-bit halves so that every step is exact in float64. */
function mulhilo(a: number, b: number): [high: number, low: number] {
  const [aHigh, aLow, bHigh, bLow] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const middle = aHigh * bLow + Math.floor((aLow * bLow) / 0x10000);
  const carry = aLow * bHigh + (middle % 0x10000);
  return [aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000), Math.imul(a, b) >>> 0];
}

/** Four 32-bit words of block `counter` of the stream with key (`seed`, `stream`). */
function philox(counter: number, seed: number, stream = 0): [number, number, number, number] {
  let [c0, c1, c2, c3] = [counter >>> 0, Math.floor(counter / 2 ** 32) >>> 0, 0, 0];
  let [k0, k1] = [seed >>> 0, stream >>> 0];
  for (let round = 0; round < 10; round++) {
    const [h0, l0] = mulhilo(M0, c0);
    const [h1, l1] = mulhilo(M1, c2);
    [c0, c1, c2, c3] = [(h1 ^ c1 ^ k0) >>> 0, l1, (h0 ^ c3 ^ k1) >>> 0, l0];
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** A sequence of numbers drawn from one Philox stream. */
export class Random {
  readonly #seed: number;
  readonly #stream: number;
  #counter = 0;
  #block: number[] = [];

  constructor(seed: number, stream = 0) {
    this.#seed = seed;
    this.#stream = stream;
  }

  /** A 32-bit unsigned integer. */
  word(): number {
    if (this.#block.length === 0) this.#block = philox(this.#counter++, this.#seed, this.#stream);
    return this.#block.shift() as number;
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
    return Float64Array.from({ length: count }, draw);
  }
}
