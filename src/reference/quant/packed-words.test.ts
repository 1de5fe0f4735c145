import { describe, expect, test } from 'vitest';
import { packing } from '../../quant/packing/packing.ts';
import { acceptsWord, packWords, unpackWords } from './packed-words.ts';

const WIDTHS = [2, 3, 4, 5, 6, 8] as const;

/** 32 codes that use every bit of a width. */
const codesOf = (bits: number) =>
  Uint8Array.from({ length: 32 }, (_, i) => (7 * i + 5) % 2 ** bits);

describe.each(WIDTHS)('codes of %i bits', (bits) => {
  const codes = codesOf(bits);
  const words = packWords(codes, packing(bits));

  test('fill words one after the other from the lowest bit on', () => {
    const inBits = Array.from(codes, (code) => [...code.toString(2).padStart(bits, '0')].reverse());
    const stream = inBits.flat().join('');
    const expected = Array.from({ length: bits }, (_, w) => {
      const word = [...stream.slice(32 * w, 32 * (w + 1))].reverse().join('');
      return Number.parseInt(word, 2) | 0;
    });
    expect([...words]).toEqual(expected);
    expect(unpackWords(words, 32, packing(bits))).toEqual(codes);
  });

  test('a word that differs in any one bit is wrong', () => {
    const right = (i: number) => [codes[i] as number];
    for (const [w, word] of words.entries()) {
      expect(acceptsWord(word, w, right, packing(bits))).toBe(true);
      for (let bit = 0; bit < 32; bit++)
        expect(acceptsWord(word ^ (1 << bit), w, right, packing(bits))).toBe(false);
    }
  });

  test('where two codes are right either word is', () => {
    const two = (i: number) => [codes[i] as number, (codes[i] as number) ^ 1];
    const other = packWords(
      codes.map((code) => code ^ 1),
      packing(bits),
    );
    for (const [w, word] of other.entries()) {
      expect(acceptsWord(word, w, two, packing(bits))).toBe(true);
      const higher = [0, 1].find((bit) => (32 * w + bit) % bits !== 0) as number;
      expect(acceptsWord(word ^ (1 << higher), w, two, packing(bits))).toBe(false);
    }
  });
});

test('a number that no word of 32 bits is, is wrong', () => {
  const zeros = () => [0];
  expect([0, 0.5, 2 ** 32].map((word) => acceptsWord(word, 0, zeros, packing(4)))).toEqual([
    true,
    false,
    false,
  ]);
});
