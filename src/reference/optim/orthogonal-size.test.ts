import { describe, expect, test } from 'vitest';
import { Random } from '../../tensor/random.ts';
import type { Value } from '../record.ts';
import {
  frobenius,
  isDecidedInBfloat16,
  type Orthogonalization,
  orthogonal,
  orthogonalInBfloat16,
} from './orthogonal.ts';
import { orthogonalSize } from './orthogonal-size.ts';

const OF_TORCH: Orthogonalization = {
  coefficients: [Math.fround(3.4445), Math.fround(-4.775), Math.fround(2.0315)],
  steps: 5,
  eps: Math.fround(1e-7),
};
const drawn = (rows: number, columns: number, seed: number): Value => {
  const random = new Random(seed);
  return {
    shape: [rows, columns],
    data: Float64Array.from({ length: rows * columns }, () => Math.fround(random.normal())),
  };
};

describe('the size of a matrix made orthogonal in bfloat16', () => {
  test.each([
    [1, 1, 29],
    [1, 7, 29],
    [2, 2, 15],
    [2, 7, 29],
    [4, 3, 15],
    [3, 9, 25],
    [5, 5, 0],
  ])(
    'lies where its singular values can, and mostly far from 0 and from twice it: %i x %i',
    (rows, columns, most) => {
      let told = 0;
      for (let seed = 1; seed < 30; seed++) {
        const given = drawn(rows, columns, seed);
        const truth = frobenius(orthogonal(given, OF_TORCH));
        const sizes = orthogonalSize(given, 0, OF_TORCH);
        if (!sizes) continue;
        for (const size of [truth, frobenius(orthogonalInBfloat16(given, OF_TORCH))]) {
          expect(size).toBeGreaterThan(sizes.low);
          expect(size).toBeLessThan(sizes.high);
        }
        if (sizes.low > 0 && sizes.high < 2 * truth) told++;
      }
      expect(told).toBeGreaterThanOrEqual(most);
    },
  );

  test('holds the polynomial at its ends, where it turns, and 0 where it crosses', () => {
    // p(s) = 3 s - 4 s^3 turns at 1/2, where it is 1, and crosses 0 at 0.866; the norm is 1.
    const how = { coefficients: [3, -4, 0], steps: 1, eps: 0 } as const;
    const one = { shape: [1, 1], data: Float64Array.of(1) };
    const at = (s: number, off: number) =>
      orthogonalSize({ shape: [1, 1], data: Float64Array.of(s) }, off, { ...how, eps: 1 });
    expect(orthogonalSize(one, 0, how)?.low).toBeGreaterThan(0.8);
    expect(orthogonalSize(one, 0, how)?.high).toBeLessThan(1.2);
    expect(at(0.5, 0.1)?.high).toBeGreaterThan(1);
    expect(at(0.5, 0.1)?.high).toBeLessThan(1.1);
    expect(at(0.86, 0.1)?.low).toBe(0);
  });

  test('is wider where the matrix is off already, and not known where the steps lose it', () => {
    const given = drawn(2, 3, 1);
    const [narrow, wide] = [0, 0.1].map((off) => orthogonalSize(given, off, OF_TORCH));
    expect(wide?.high).toBeGreaterThan(narrow?.high as number);
    expect(wide?.low).toBeLessThan(narrow?.low as number);
    expect(orthogonalSize(drawn(20, 20, 1), 0, OF_TORCH)).toBeUndefined();
  });
});

describe('whether every rounding to bfloat16 is decided', () => {
  test('is so of most small matrices, and of no large one', () => {
    const of = (rows: number, columns: number) =>
      Array.from({ length: 20 }, (_, i) =>
        isDecidedInBfloat16(drawn(rows, columns, i + 1), 0, OF_TORCH),
      ).filter(Boolean).length;
    expect(of(2, 3)).toBeGreaterThan(15);
    expect(of(20, 33)).toBe(0);
  });

  test('is not where a number lies in the middle, or may', () => {
    const two = (x: number, off: number) =>
      isDecidedInBfloat16({ shape: [1, 2], data: Float64Array.of(x, 1) }, off, OF_TORCH);
    expect(two(1.25, 0)).toBe(true);
    expect(two(1.25 + 2 ** -8, 0)).toBe(true);
    expect(two(1.25 + 2 ** -8, 2 ** -20)).toBe(false);
    expect(two(1.25, 2 ** -7)).toBe(false);
  });
});
