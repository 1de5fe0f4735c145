import { describe, expect, test } from 'vitest';
import { mixedWord, record, wordsOf } from './fingerprint.ts';

const sumsOf = (words: readonly number[], dtype: 'u32' | 'f32' = 'u32') =>
  record.forward({ x: { shape: [words.length], dtype, data: Float64Array.from(words) } }, {}).sums;

test('numbers of no element type are floats', () => {
  const value = { shape: [2], data: Float64Array.of(1, -2) };
  expect([...wordsOf(value)]).toEqual([0x3f800000, 0xc0000000]);
  expect([...wordsOf({ ...value, dtype: 'i32' })]).toEqual([1, 0xfffffffe]);
});

describe('a mixed word', () => {
  test('at place 0 is what the end of MurmurHash3 makes of it', () => {
    // fmix32, as its author's smhasher has it.
    expect([0, 1, 2, 0xffffffff].map((word) => mixedWord(word, 0))).toEqual([
      0, 0x514e28b7, 0x30f4c306, 0x81f16f39,
    ]);
  });

  test('elsewhere is another, by a multiple of the golden ratio', () => {
    expect(mixedWord(0x9e3779b9, 1)).toBe(0);
    expect(mixedWord(0x9e3779b8, 1)).toBe(0x514e28b7);
    expect(mixedWord(0x3c6ef372, 2)).toBe(0);
  });
});

describe('the sums of a tensor', () => {
  test.each([
    [1, 64],
    [4096, 64],
    [4097, 128],
    [8193, 192],
    [61_441, 1024],
    [70_000, 1024],
  ])('of %d words are those of %d lanes', (count, lanes) => {
    expect(sumsOf(new Array<number>(count).fill(0))?.shape).toEqual([lanes, 2]);
  });

  test('are modulo 2^32, of every 64th word and of its mix', () => {
    const words = new Array<number>(65).fill(0);
    words[0] = 0xffffffff;
    words[64] = 3;
    const { data } = sumsOf(words) as { readonly data: Float64Array };
    expect(data[0]).toBe(2);
    expect(data[1]).toBe((0x81f16f39 + mixedWord(3, 64)) % 2 ** 32);
    expect(data[2]).toBe(0);
    expect(data[3]).toBe(mixedWord(0, 1));
  });

  test('of floats are of their bits', () => {
    expect(
      sumsOf([1, -2], 'f32')
        ?.data.slice(0, 4)
        .filter((_, i) => i % 2 === 0),
    ).toEqual(Float64Array.of(0x3f800000, 0xc0000000));
  });
});
