import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createDynamicMap } from './map.ts';

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
});
