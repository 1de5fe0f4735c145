import { describe, expect, test } from 'vitest';
import { philox } from '../../tensor/philox.ts';
import type { GivenParams } from '../../vocabulary/signature.ts';
import { record } from './dropout.ts';

type Params = GivenParams<typeof record.signature>;

/** Which of five elements stay. */
const kept = (params: Params): readonly boolean[] =>
  [...record.forward({ x: { shape: [5], data: new Float64Array(5).fill(1) } }, params).y.data].map(
    (y) => y !== 0,
  );

describe('dropout', () => {
  test('drops words below p, rounded to a word', () => {
    const [word] = philox([0, 0, 0, 0], [7, 0]);
    expect(kept({ seed: 7, p: (word + 0.6) / 2 ** 32 })[0]).toBe(false);
    expect(kept({ seed: 7, p: (word + 0.4) / 2 ** 32 })[0]).toBe(true);
  });

  test('draws four words for each place, by both halves of offset and seed', () => {
    const offset = 5 * 2 ** 32 + 0xfedcba98;
    const seed = 3 * 2 ** 32 + 0x89abcdef;
    const words = [0, 1].flatMap((place) => [
      ...philox([place, 0, 0xfedcba98, 5], [0x89abcdef, 3]),
    ]);
    for (const p of [0.25, 0.5, 0.75]) {
      const expected = words.slice(0, 5).map((word) => word >= p * 2 ** 32);
      expect(kept({ seed, offset, p })).toEqual(expected);
    }
  });
});
