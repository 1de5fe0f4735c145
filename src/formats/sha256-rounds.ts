/** The first 32 bits of the fractions of the square roots of the first eight primes. */
const START = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
] as const;

/** The same of the cube roots of the first 64 primes. */
const CONSTANTS = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
] as const;

const BLOCK = 64;
/** The length of the message in bits, at the end of the last block. */
const LENGTH = 8;

/** SHA-256 (FIPS 180-4) of bytes that come part by part, which `crypto.subtle` does not take. */
export class Sha256 {
  readonly #state = Int32Array.from(START);
  readonly #schedule = new Int32Array(CONSTANTS.length);
  /** What is no whole block yet. */
  readonly #rest = new Uint8Array(BLOCK);
  #bytes = 0;

  update(part: Uint8Array): this {
    let at = 0;
    const begun = this.#bytes % BLOCK;
    this.#bytes += part.length;
    if (begun > 0) {
      at = Math.min(BLOCK - begun, part.length);
      this.#rest.set(part.subarray(0, at), begun);
      if (begun + at < BLOCK) return this;
      compress(this.#state, this.#schedule, this.#rest, 0);
    }
    for (; at + BLOCK <= part.length; at += BLOCK) compress(this.#state, this.#schedule, part, at);
    this.#rest.set(part.subarray(at));
    return this;
  }

  /** The digest of all parts; none may come after it. */
  digest(): Uint8Array<ArrayBuffer> {
    const bits = BigInt(this.#bytes) * 8n;
    const begun = this.#bytes % BLOCK;
    const end = new Uint8Array((begun + 1 + LENGTH > BLOCK ? 2 : 1) * BLOCK - begun);
    end[0] = 0x80;
    new DataView(end.buffer).setBigUint64(end.length - LENGTH, bits);
    this.update(end);
    const result = new DataView(new ArrayBuffer(4 * START.length));
    for (const [i, word] of this.#state.entries()) result.setInt32(4 * i, word);
    return new Uint8Array(result.buffer);
  }
}

/** SHA-256 without `crypto.subtle`, which pages over plain http do not have. */
export const digest = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  new Sha256().update(bytes).digest();

/** Takes one block into the state. */
function compress(state: Int32Array, schedule: Int32Array, bytes: Uint8Array, at: number): void {
  const word = (i: number) => schedule[i] as number;
  const byte = (i: number) => bytes[at + i] as number;
  let [a, b, c, d, e, f, g, h] = state as unknown as Eight;
  for (let i = 0; i < CONSTANTS.length; i++) {
    schedule[i] =
      i < 16
        ? (byte(4 * i) << 24) | (byte(4 * i + 1) << 16) | (byte(4 * i + 2) << 8) | byte(4 * i + 3)
        : word(i - 16) +
          spread(word(i - 15), 7, 18, 3) +
          word(i - 7) +
          spread(word(i - 2), 17, 19, 10);
    const ofE = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    // Each bit of e chooses f or g.
    const first = (h + ofE + (g ^ (e & (f ^ g))) + (CONSTANTS[i] as number) + word(i)) | 0;
    const ofA = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    // What two of the three have.
    const second = (ofA + (a ^ ((a ^ b) & (a ^ c)))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((value, i) => {
    state[i] = (state[i] as number) + value;
  });
}

type Eight = [number, number, number, number, number, number, number, number];

const turned = (x: number, by: number): number => (x >>> by) | (x << (32 - by));

const spread = (x: number, first: number, second: number, shift: number): number =>
  turned(x, first) ^ turned(x, second) ^ (x >>> shift);
