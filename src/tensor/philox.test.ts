import { expect, test } from 'vitest';
import { philox } from './philox.ts';
import { Random, wordsOf } from './random.ts';

const hex = (words: readonly number[]) =>
  words.map((word) => word.toString(16).padStart(8, '0')).join(' ');

/** The known answers that the generator's authors publish with it (Random123, kat_vectors). */
test.each([
  [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    '408f276d 41c83b0e a20bc7c6 6d5451fd',
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    'd16cfe09 94fdcceb 5001e420 24126ea1',
  ],
] as const)('of counter %s and key %s are the published words', (counter, key, words) => {
  expect(hex(philox(counter, key))).toBe(words);
});

test('a sequence is made of the blocks of its counter', () => {
  const random = new Random(7, 3);
  const words = Array.from({ length: 8 }, () => random.word());
  expect(words).toEqual([...philox([0, 0, 0, 0], [7, 3]), ...philox([1, 0, 0, 0], [7, 3])]);
});

test('numbers beyond 32 bits have a high word', () => {
  expect(wordsOf(2 ** 32 + 5)).toEqual([5, 1]);
  expect(wordsOf(2 ** 53 - 1)).toEqual([0xffffffff, 0x1fffff]);
});
