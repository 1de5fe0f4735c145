import fc from 'fast-check';
import { expect, test } from 'vitest';
import { record } from '../reference/bits/fingerprint.ts';
import { findBitFlip, fingerprintOf } from './bit-flip.ts';

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const arrays = fc
  .array(word, { minLength: 1, maxLength: 300 })
  .map((words) => Uint32Array.from(words));

test("the parts that a device sums add up to a tensor's fingerprint", () => {
  const words = Uint32Array.from({ length: 9000 }, (_, i) => Math.imul(i + 1, 0x9e3779b1));
  const x = { shape: [words.length], dtype: 'u32' as const, data: Float64Array.from(words) };
  const sums = record.forward({ x }, {})['sums']?.data ?? new Float64Array();
  const total = (changed: number) =>
    sums.reduce((sum, part, i) => (i % 2 === changed ? (sum + part) % 2 ** 32 : sum), 0);
  expect([total(0), total(1)]).toEqual(fingerprintOf(words));
});

test('one word that differs is found, and what it was', () => {
  fc.assert(
    fc.property(arrays, fc.nat(), word, (words, place, was) => {
      const index = place % words.length;
      const changed = Uint32Array.from(words);
      changed[index] = was;
      expect(findBitFlip(words, fingerprintOf(changed))).toEqual(
        was === words[index] ? undefined : { index, was },
      );
    }),
  );
});

test('sums are modulo 2^32, and never below 0', () => {
  // Place 0 adds nothing to a word: these are the finalizer's known answers.
  expect(fingerprintOf(Uint32Array.of(1))).toEqual([1, 0x514e28b7]);
  expect(fingerprintOf(Uint32Array.of(0xffffffff))).toEqual([0xffffffff, 0x81f16f39]);
  expect(fingerprintOf(Uint32Array.of(0xffffffff, 2))[0]).toBe(1);
});

test('a tensor whose bits are the same differs nowhere', () => {
  const words = Uint32Array.of(3, 0x80000000, 7);
  expect(findBitFlip(words, fingerprintOf(words))).toBeUndefined();
});

test('two words that differ are not taken for one', () => {
  fc.assert(
    fc.property(arrays, word, word, (words, first, second) => {
      fc.pre(words.length > 1 && first !== words[0] && second !== words.at(-1));
      const changed = Uint32Array.from(words);
      changed[0] = first;
      changed[changed.length - 1] = second;
      expect(findBitFlip(words, fingerprintOf(changed))).toBeUndefined();
    }),
  );
});

test('a change of the highest bit, or of many zeros, is found', () => {
  const words = new Uint32Array(40_000);
  for (const was of [0x80000000, 0x447a0000, 1]) {
    const changed = Uint32Array.from(words);
    changed[31_999] = was;
    expect(findBitFlip(words, fingerprintOf(changed))).toEqual({ index: 31_999, was });
  }
});
