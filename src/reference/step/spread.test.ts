import { describe, expect, test } from 'vitest';
import type { Value, Values } from '../record.ts';
import { limitsOf, spreadOf } from './spread.ts';

const vector = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});

/** The weights of every run of a spread. */
async function weightsOf(weights: Values, dtype: 'f32' | 'f16'): Promise<readonly Values[]> {
  const ran: Values[] = [];
  await spreadOf(weights, dtype, async (each) => {
    ran.push(each);
    return {};
  });
  return ran;
}

describe('the spread of runs', () => {
  test.each([
    ['f32', 1.5, 2 ** -24],
    ['f32', 5, 2 ** -22],
    ['f16', 1.5, 2 ** -11],
    ['f16', 5, 2 ** -9],
  ] as const)('is of five whose weights are half a unit of %s off: %d', async (dtype, x, half) => {
    const ran = await weightsOf(
      { w: { shape: [1000], data: new Float64Array(1000).fill(x) } },
      dtype,
    );
    expect(ran).toHaveLength(5);
    for (const { w } of ran) {
      expect(w?.shape).toEqual([1000]);
      expect(new Set(w?.data)).toEqual(new Set([x + half, x - half]));
      // As chance has it: five standard deviations are 80.
      const above = w?.data.filter((each) => each > x).length;
      expect(above).toBeGreaterThan(420);
      expect(above).toBeLessThan(580);
    }
    expect(new Set(ran.map(({ w }) => w?.data.join())).size).toBe(5);
  });

  test('is the largest difference of two in one element', async () => {
    const results = [0, 3, 1, -2, 0.5].map((y) => ({
      y: vector(7, y, 10 + y / 2),
      same: vector(4, 5),
    }));
    const left = [...results];
    const spread = await spreadOf({ w: vector(1) }, 'f32', async () => left.shift() as Values);
    expect(spread).toEqual({ y: 5, same: 0 });
    expect(left).toEqual([]);
  });
});

test('a tensor may be off by ten spreads, at least 1e-5 of its largest element', () => {
  const truth = { a: vector(100, -200, 0), b: vector(1) };
  const boundsOf = (spread?: Readonly<Record<string, number>>) =>
    Object.values(limitsOf(truth, spread)).map(({ bound }) => [...bound]);
  expect(boundsOf()).toEqual([[0.002, 0.002, 0.002], [0.00001]].map((each) => each.map(near)));
  expect(boundsOf({ a: 0.5, b: 1e-7 })).toEqual([[5, 5, 5], [near(0.00001)]]);
  expect(boundsOf({ b: 0.25 })).toEqual([[0.002, 0.002, 0.002].map(near), [2.5]]);
});

const near = (x: number) => expect.closeTo(x, 12);
