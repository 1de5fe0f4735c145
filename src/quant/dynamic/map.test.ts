import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createDynamicMap, hasDynamicMap } from './map.ts';

describe('createDynamicMap', () => {
  const signed = createDynamicMap(true);
  const unsigned = createDynamicMap(false);

  test('has 256 ascending values without repetition', () => {
    for (const map of [signed, unsigned]) {
      expect(map).toHaveLength(256);
      expect(map.every((x, i) => i === 0 || x > (map[i - 1] as number))).toBe(true);
    }
  });

  test('is zero at code 127 of the signed map and at code 0 of the other', () => {
    expect(signed[127]).toBe(0);
    expect(unsigned[0]).toBe(0);
  });

  test('ends in 1, and begins above -1', () => {
    expect([signed[255], unsigned[255]]).toEqual([1, 1]);
    expect(signed[0]).toBe(Math.fround(-0.99296874));
  });

  test('has the negative of every value but 1', () => {
    for (let k = 1; k <= 127; k++) expect(signed[127 - k]).toBe(-(signed[127 + k] as number));
  });

  test('has the seven powers of ten of the signed map, twice as many parts at each', () => {
    const counts = [0, 1, 2, 3, 4, 5, 6].map(
      (i) => signed.filter((x) => x > 10 ** (i - 7) && x < 10 ** (i - 6)).length,
    );
    expect(counts).toEqual([1, 2, 4, 8, 16, 32, 64]);
  });

  test('is bitsandbytes 0.50.2 bit by bit', () => {
    const digest = createHash('sha256').update(new Uint8Array(signed.buffer)).digest('hex');
    expect(digest).toBe('e732639a65f497b4ad684bb166a4467708255edd5207757de8b8f0c7e1fda89c');
  });

  test('has two bits more of each fraction where the exponent has five, as bitsandbytes', () => {
    const map = createDynamicMap(true, { exponents: 5, total: 8 });
    const counts = [-4, -3, -2, -1].map(
      (power) => map.filter((x) => x > 10 ** (power - 1) && x < 10 ** power).length,
    );
    // The highest power has three values more, of the codes that no exponent begins.
    expect(counts).toEqual([4, 8, 16, 32]);
    expect(map.filter((x) => x > 0.1 && x < 1)).toHaveLength(64 + 3);
    const digest = createHash('sha256').update(new Uint8Array(map.buffer)).digest('hex');
    expect(digest).toBe('3fca03bcfc9a67396ad557f94cf4b51049c6c13c27c327266527186e9ffe61cc');
  });

  test('is filled up with zeros where a code has fewer bits', () => {
    const map = createDynamicMap(false, { exponents: 3, total: 4 });
    expect(map.filter((x) => x === 0)).toHaveLength(256 - 15);
    expect(map.at(-1)).toBe(1);
  });

  test.each([
    [true, 9, 8, true],
    [false, 7, 8, true],
    [false, 6, 8, false],
    [false, 8, 8, false],
  ])(
    'bitsandbytes has one (signed: %s) of %d exponents in %d bits: %s',
    (signed, exponents, total, has) => {
      expect(hasDynamicMap(signed, { exponents, total })).toBe(has);
    },
  );
});
