import { FLAT, type Given, N, words } from './given.ts';

/** Works of ops on bits. */
export const BITS: Readonly<Record<string, Given>> = {
  fingerprint: { inputs: { x: words(FLAT) }, gives: 4 * 2 * 64 },
  random_words: { params: { seed: 7, shape: [N] }, inputs: {}, gives: 4 * N, flops: 40 * N },
  range_violations: { inputs: { x: FLAT }, gives: 8 },
};
