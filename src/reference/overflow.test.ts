import { expect, test } from 'vitest';
import { acceptingOverflow, acceptingOverflowOfCodes } from './overflow.ts';
import type { Value } from './record.ts';

const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});
const within = { kind: 'within', bound: Float64Array.of(0) } as const;

test.each([
  ['f16', 65_504, 4],
  ['bf16', (2 - 2 ** -7) * 2 ** 127, 2 ** 110],
] as const)('the range of %s ends at its largest number', (dtype, largest, little) => {
  const nearestTo = (truth: number, reach: number) =>
    acceptingOverflow(within, of(truth), dtype, Float64Array.of(reach)).nearest;
  const ends = [Infinity, largest, -largest, -Infinity];
  const right = (truth: number, reach: number) =>
    ends.map((end) => nearestTo(truth, reach)?.(0, end));
  expect(right(largest, 0)).toEqual([largest, largest, largest, largest]);
  expect(right(largest, little)).toEqual([Infinity, largest, largest, largest]);
  expect(right(-largest, little)).toEqual([-largest, -largest, -largest, -Infinity]);
  // Within the range nothing is its own truth.
  expect(nearestTo(largest, little)?.(0, largest / 2)).toBe(largest);
});

test('of several right values the one nearest to the end is what may overflow', () => {
  const asked: (readonly [number, number])[] = [];
  const nearest = (i: number, actual: number) => {
    asked.push([i, actual]);
    return Math.sign(actual) * 65_500;
  };
  const reach = Float64Array.of(0, 10);
  const accepting = acceptingOverflow({ ...within, nearest }, of(0, 0), 'f16', reach);
  expect([Infinity, -Infinity, 7].map((x) => accepting.nearest?.(1, x))).toEqual([
    Infinity,
    -Infinity,
    65_500,
  ]);
  expect(accepting.nearest?.(0, Infinity)).toBe(65_500);
  expect(asked).toEqual([
    [1, 65_504],
    [1, -65_504],
    [1, 7],
    [0, 65_504],
  ]);
  expect(accepting.bound).toBe(within.bound);
});

test('a code beyond the range is the end of its sign, others what they are', () => {
  const codes = { kind: 'codes', accepts: (_: number, y: number) => y === 7, inBand: 3 } as const;
  const truth = of(65_504, 65_505, -108_836);
  const accepting = acceptingOverflowOfCodes(codes, truth, 'f16');
  const right = (y: number) => [0, 1, 2].map((i) => accepting.accepts(i, y));
  expect(right(Infinity)).toEqual([false, true, false]);
  expect(right(65_504)).toEqual([false, true, false]);
  expect(right(-65_504)).toEqual([false, false, true]);
  expect(right(-Infinity)).toEqual([false, false, true]);
  expect(right(65_472)).toEqual([false, false, false]);
  expect(right(7)).toEqual([true, true, true]);
  expect(accepting.inBand).toBe(3);
});
