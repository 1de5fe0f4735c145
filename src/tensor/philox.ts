/**
 * Philox 4x32-10, the counter-based generator of the project (Salmon et al., "Parallel random
 * numbers: as easy as 1, 2, 3", 2011). The same in TypeScript, WGSL (shaders/lib/philox.wesl) and
 * Python, so weights, inputs and masks can be written as seeds.
 */

import { seam } from '../seam.ts';

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/**
 * The high word of the product of two 32-bit words, the first in halves of 16 bits: products of
 * halves, and what is carried to them, are words themselves.
 */
function highWord(aHigh: number, aLow: number, b: number): number {
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return aHigh * bHigh + (middle >>> 16) + (carry >>> 16);
}

type Words = readonly [number, number, number, number];

/** Four random words for a counter of four and a key of two. */
export const philox = seam(
  'tensor.philox',
  (counter: Words, key: readonly [number, number]): Words => {
    let [c0, c1, c2, c3] = counter;
    // Exact sums; the exclusive or takes their low words.
    let [k0, k1] = key;
    for (let round = 0; round < 10; round++) {
      const h0 = highWord(M0 >>> 16, M0 & 0xffff, c0);
      const h1 = highWord(M1 >>> 16, M1 & 0xffff, c2);
      const l0 = Math.imul(M0, c0) >>> 0;
      c0 = (h1 ^ c1 ^ k0) >>> 0;
      c1 = Math.imul(M1, c2) >>> 0;
      c2 = (h0 ^ c3 ^ k1) >>> 0;
      c3 = l0;
      k0 += W0;
      k1 += W1;
    }
    return [c0, c1, c2, c3];
  },
);
