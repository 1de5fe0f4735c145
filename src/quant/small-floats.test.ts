import { describe, expect, test } from 'vitest';
import {
  codesAround,
  E2M1,
  E4M3,
  E4M3FNUZ,
  E5M2,
  nearestCode,
  valueOfCode,
} from './small-floats.ts';

describe('the numbers of a format', () => {
  test('e2m1 has eight sizes', () => {
    expect(E2M1.magnitudes).toEqual([0, 0.5, 1, 1.5, 2, 3, 4, 6]);
  });

  test.each([
    ['e4m3', E4M3, 127, [2 ** -9, 7 * 2 ** -9, 2 ** -6, 1, 448], [1, 7, 8, 56, 126]],
    ['e4m3fnuz', E4M3FNUZ, 128, [2 ** -10, 7 * 2 ** -10, 2 ** -7, 1, 240], [1, 7, 8, 64, 127]],
    ['e5m2', E5M2, 124, [2 ** -16, 3 * 2 ** -16, 2 ** -14, 1, 57_344], [1, 3, 4, 60, 123]],
  ] as const)('%s has denormals, and its largest is finite', (_, format, count, values, codes) => {
    expect(format.magnitudes).toHaveLength(count);
    expect(codes.map((code) => valueOfCode(code, format))).toEqual(values);
    expect(values.map((value) => nearestCode(value, format))).toEqual(codes);
  });

  test('a sign is the highest bit, of a zero too', () => {
    expect([valueOfCode(15, E2M1), valueOfCode(184, E4M3)]).toEqual([-6, -1]);
    expect([nearestCode(-0, E4M3), nearestCode(0, E4M3)]).toEqual([128, 0]);
    expect(valueOfCode(127, E4M3)).toBeNaN();
  });

  test('in e4m3fnuz zero has none, and its code with a sign is the one that is no number', () => {
    expect([-0, -(2 ** -11), -1.5 * 2 ** -11].map((y) => nearestCode(y, E4M3FNUZ))).toEqual([
      0, 0, 129,
    ]);
    const codes = Array.from({ length: 256 }, (_, code) => code);
    expect(codes.filter((code) => Number.isNaN(valueOfCode(code, E4M3FNUZ)))).toEqual([128]);
    expect(valueOfCode(255, E4M3FNUZ)).toBe(-240);
  });
});

describe('the nearest code', () => {
  test('each code is its own number', () => {
    for (const format of [E2M1, E4M3, E4M3FNUZ, E5M2])
      for (const [code, value] of format.magnitudes.entries()) {
        expect(nearestCode(value, format)).toBe(code);
        if (value > 0) expect(nearestCode(-value, format)).toBe(code + format.sign);
      }
  });

  test('half way goes to the even code, in e2m1 towards zero', () => {
    const middles = (values: readonly number[]) =>
      values.slice(1).map((value, i) => (value + (values[i] as number)) / 2);
    const evens = middles(E4M3.magnitudes).map((_, i) => i + (i % 2));
    expect(middles(E4M3.magnitudes).map((y) => nearestCode(y, E4M3))).toEqual(evens);
    expect(middles(E2M1.magnitudes).map((y) => nearestCode(y, E2M1))).toEqual([
      0, 1, 2, 3, 4, 5, 6,
    ]);
    expect(nearestCode(0.25 + 2 ** -30, E2M1)).toBe(1);
  });

  test('what is larger than all gets the largest', () => {
    expect([nearestCode(1e9, E4M3), nearestCode(-1e9, E2M1)]).toEqual([126, 15]);
  });
});

describe('codes around a number', () => {
  test('are all that are nearest to one of the range, each once', () => {
    expect(codesAround(1.25, 0, E2M1)).toEqual([2]);
    expect(codesAround(1.25, 0.01, E2M1)).toEqual([2, 3]);
    expect(codesAround(-3, 1.9, E2M1)).toEqual([10, 11, 12, 13, 14]);
  });

  test('of zero are both zeros, whatever the sign', () => {
    expect(codesAround(0.1, 0, E2M1)).toEqual([0, 8]);
    expect(codesAround(-0.1, 0.2, E2M1)).toEqual([8, 9, 0]);
    expect(codesAround(0.1, 0.6, E2M1)).toEqual([0, 1, 8]);
    expect(codesAround(-(2 ** -11), 2 ** -12, E4M3FNUZ)).toEqual([0, 129]);
  });
});
