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
 * The 64-bit product of `a` and another 32-bit word, by 16-bit halves so that every step is exact
 * in float64.
 */
function timesWord(a: number): (b: number) => [high: number, low: number] {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  return (b) => {
    const bHigh = b >>> 16;
    const bLow = b & 0xffff;
    const middle = aHigh * bLow + Math.floor((aLow * bLow) / 0x10000);
    const carry = aLow * bHigh + (middle % 0x10000);
    return [
      aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000),
      Math.imul(a, b) >>> 0,
    ];
  };
}

const timesM0 = timesWord(M0);
const timesM1 = timesWord(M1);

type Words = readonly [number, number, number, number];

/** Four random words for a counter of four and a key of two. */
export const philox = seam(
  'tensor.philox',
  (counter: Words, key: readonly [number, number]): Words => {
    let [c0, c1, c2, c3] = counter;
    // Exact sums; the exclusive or takes their low words.
    let [k0, k1] = key;
    for (let round = 0; round < 10; round++) {
      const [h0, l0] = timesM0(c0);
      const [h1, l1] = timesM1(c2);
      [c0, c1, c2, c3] = [(h1 ^ c1 ^ k0) >>> 0, l1, (h0 ^ c3 ^ k1) >>> 0, l0];
      k0 += W0;
      k1 += W1;
    }
    return [c0, c1, c2, c3];
  },
);
