import { describe, expect, test } from 'vitest';
import { Random } from '../../tensor/random.ts';
import type { Value } from '../record.ts';
import { ROUNDINGS } from '../simulation/rounding.ts';
import { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { simulatedOrthogonal } from './orthogonal.simulation.ts';
import {
  type Orthogonalization,
  orthogonal,
  orthogonalError,
  orthogonalInBfloat16,
} from './orthogonal.ts';

const OF_TORCH: Orthogonalization = {
  coefficients: [Math.fround(3.4445), Math.fround(-4.775), Math.fround(2.0315)],
  steps: 5,
  eps: Math.fround(1e-7),
};
const of = (shape: readonly [number, number], ...data: readonly number[]): Value => ({
  shape,
  data: Float64Array.from(data),
});
const drawn = (rows: number, columns: number, seed = 1): Value => {
  const random = new Random(seed);
  return of([rows, columns], ...random.fill(rows * columns, () => Math.fround(random.normal())));
};
const distance = (x: Value, y: Value) =>
  Math.hypot(...x.data.map((each, i) => each - (y.data[i] as number)));

describe('a matrix made orthogonal', () => {
  test('has the polynomial of each singular value', () => {
    // Of length 5; one step of 2 s - s^3 / 2 takes 0.6 to 1.092 and 0.8 to 1.344.
    const how = { coefficients: [2, -0.5, 0], steps: 1, eps: 0 } as const;
    const { data } = orthogonal(of([2, 3], 3, 0, 0, 0, 0, -4), how);
    const expected = [1.092, 0, 0, 0, 0, -1.344];
    for (const [i, x] of data.entries()) expect(x).toBeCloseTo(expected[i] as number, 14);
  });

  test('is shorter than its least norm allows', () => {
    const how = { coefficients: [2, -0.5, 0], steps: 0, eps: 10 } as const;
    expect([...orthogonal(of([1, 2], 3, 4), how).data]).toEqual([0.3, 0.4]);
    expect([...orthogonal(of([1, 2], 3, 4), { ...how, eps: 4 }).data]).toEqual([0.6, 0.8]);
  });

  test('is that of the transposed one, transposed', () => {
    const wide = drawn(3, 7);
    const tall = of(
      [7, 3],
      ...Array.from({ length: 21 }, (_, i) => wide.data[(i % 3) * 7 + Math.floor(i / 3)] as number),
    );
    const x = orthogonal(wide, OF_TORCH);
    const y = orthogonal(tall, OF_TORCH);
    expect(y.shape).toEqual([7, 3]);
    expect(y.data[2 * 3 + 1]).toBe(x.data[1 * 7 + 2]);
  });

  test('in bfloat16 has just its roundings', () => {
    // torch 2.15.0, _zeropower_via_newtonschulz, of [[1, 2, 3], [-1, 0.5, 0.25]].
    const { data } = orthogonalInBfloat16(of([2, 3], 1, 2, 3, -1, 0.5, 0.25), OF_TORCH);
    expect([...data]).toEqual([
      0.2333984375, 0.369140625, 0.57421875, -0.90625, 0.35546875, 0.09765625,
    ]);
  });
});

describe('how far a matrix made orthogonal may be off', () => {
  const depth = (terms: number) => terms;

  test('is what the polynomial makes of what it is off already', () => {
    // Without roundings to speak of: 0.1 of 10 is 0.01 of 1, and the slope at 1 is 0.5; to that
    // comes the largest slope, 3, over the singular values that the deviation may reach.
    const how = { coefficients: [2, -0.5, 0], steps: 1, eps: 0 } as const;
    const error = orthogonalError(of([1, 1], 10), 0.1, how, depth);
    const relative = 0.1 / 9.9;
    const first = 0.01 * (1 + relative) + (1 + relative) * relative;
    const slope = 3 * (1 + first);
    expect(error).toBeCloseTo((1.5 + slope * first) * first, 5);
  });

  test.each([
    [1, 1],
    [2, 3],
    [3, 2],
    [5, 5],
    [9, 14],
    [14, 9],
  ])('holds on every GPU, and is used: %i x %i', (rows, columns) => {
    const given = drawn(rows, columns, rows);
    const truth = orthogonal(given, OF_TORCH);
    const limit = orthogonalError(given, 0, OF_TORCH, depth);
    const off = ROUNDINGS.map((rounding) => {
      const gpu = new SimulatedGpu({ rounding, contraction: false, flush: true }, 7);
      return distance(simulatedOrthogonal(gpu, given, OF_TORCH), truth);
    });
    expect(Math.max(...off)).toBeLessThan(limit);
    expect(Math.max(...off)).toBeGreaterThan(limit / 1000);
  });

  test.each([1e-3, 1e-5])('holds where the matrix is off by %f', (size) => {
    for (const [rows, columns] of [
      [2, 3],
      [4, 4],
      [7, 5],
    ] as const) {
      const given = drawn(rows, columns, 3);
      const limit = orthogonalError(given, size, OF_TORCH, depth);
      let most = 0;
      for (let seed = 10; seed < 60; seed++) {
        const by = drawn(rows, columns, seed);
        const share = size / Math.hypot(...by.data);
        const moved = {
          ...given,
          data: given.data.map((x, i) => x + share * (by.data[i] as number)),
        };
        most = Math.max(most, distance(orthogonal(moved, OF_TORCH), orthogonal(given, OF_TORCH)));
      }
      expect(most).toBeLessThan(limit);
      expect(most).toBeGreaterThan(limit / 1000);
    }
  });
});
