import { describe, test } from 'vitest';
import { type CallRow, expectCall } from '../fixtures/expect-call.ts';

/** Ranks order floats: those of what is negative lie below 2^31. */
const HALF = 2 ** 31;
const ONE = 0x3f800000;
const found = { found: [0, 0xffffffff] };

describe('a kernel of bits is told how many elements there are', () => {
  test.each<CallRow>([
    [
      'all words',
      'fingerprint',
      { inputs: { x: [5, 7] } },
      [{ kernel: 'bits/fingerprint', binds: 'x sums', uniforms: { count: 35 } }],
      { sums: 'u32 64x2' },
    ],
    [
      // 16,400 bytes are 4,100 words: two groups of 64 lanes of 64.
      'all words of two groups',
      'fingerprint',
      { inputs: { x: [4100] } },
      [{ kernel: 'bits/fingerprint', binds: 'x sums', uniforms: { count: 4100 } }],
      { sums: 'u32 128x2' },
    ],
    [
      'words of a seed and a stream',
      'random_words',
      { inputs: {}, params: { seed: 3, stream: 9, shape: [5, 7] } },
      [{ kernel: 'bits/random_words', binds: 'words', uniforms: { key: [3, 9], count: 35 } }],
      { words: 'u32 5x7' },
    ],
    [
      'a range from one number to another',
      'range_violations',
      { inputs: { x: [5, 7] }, params: { low: -1, high: 1 } },
      [
        {
          kernel: 'bits/range_violations',
          binds: 'x found',
          uniforms: { count: 35, low: HALF - ONE, high: HALF + ONE },
        },
      ],
      { found: 'u32 2' },
      found,
    ],
    [
      'a range between numbers with all their bits',
      'range_violations',
      // As float32 they are 0x3e99999a, below 0, and 0x3dcccccd.
      { inputs: { x: [5, 7] }, params: { low: -0.30000001, high: 0.1 } },
      [
        {
          kernel: 'bits/range_violations',
          binds: 'x found',
          uniforms: { count: 35, low: HALF - 0x3e99999a, high: HALF + 0x3dcccccd },
        },
      ],
      { found: 'u32 2' },
      found,
    ],
    [
      'all finite numbers',
      'range_violations',
      { inputs: { x: [5, 7] } },
      [
        {
          kernel: 'bits/range_violations',
          binds: 'x found',
          uniforms: { count: 35, low: 0, high: 2 ** 32 - 1 },
        },
      ],
      { found: 'u32 2' },
      found,
    ],
  ])('%s: %s', (_, ...call) => expectCall(...call));
});
