import { expect, test } from 'vitest';
import { hqqQuantize } from '../../vocabulary/quant/hqq_quantize.ts';
import { completed } from '../../vocabulary/signature.ts';
import { EPS, FLUSH } from '../bounds.ts';
import {
  codeOf,
  firstZero,
  groupsOf,
  isBeyond,
  levelError,
  nearestInverse,
  rangesOf,
  rightScales,
} from './hqq-groups.ts';

const weight = { shape: [2, 6], data: Float64Array.from({ length: 12 }, (_, i) => i) };
const membersOf = (axis: 0 | 1) => {
  const { count, size, place, groupOf } = groupsOf(
    weight,
    completed(hqqQuantize, { axis, group_size: 4 }),
  );
  const members = Array.from({ length: count }, (_, j) =>
    Array.from({ length: size }, (_element, k) => place(j, k)),
  );
  return { members, groups: Array.from(weight.data, (_, i) => groupOf(i)) };
};

test('a group is a row or a column', () => {
  expect(membersOf(1)).toEqual({
    members: [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 10, 11],
    ],
    groups: [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2],
  });
  expect(membersOf(0)).toEqual({
    members: [
      [0, 3, 6, 9],
      [1, 4, 7, 10],
      [2, 5, 8, 11],
    ],
    groups: [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2],
  });
});

test('ranges are those of groups', () => {
  const groups = groupsOf(
    { shape: [6], data: Float64Array.of(3, -1, 2, 7, 5, 9) },
    completed(hqqQuantize, { axis: 1, group_size: 3 }),
  );
  expect(rangesOf(groups)).toEqual([
    { low: -1, high: 3 },
    { low: 5, high: 9 },
  ]);
});

test('codes are rounded half to even, and end at both ends', () => {
  expect([-0.7, 0.5, 1.5, 2.5, 14.9, 99].map((level) => codeOf(level, 15))).toEqual([
    0, 0, 2, 2, 15, 15,
  ]);
});

test('an inverse is a reciprocal times the largest code, each rounded, at most 20,000, and 1 of a narrow range', () => {
  const of = (high: number) => nearestInverse({ low: 0, high }, 15);
  expect([of(3), of(1e-3), of(4e-4), of(Math.fround(1e-4)), of(0)]).toEqual([
    5,
    Math.fround(15 * Math.fround(1 / Math.fround(1e-3))),
    2e4,
    1,
    1,
  ]);
});

test('a range of about 1e-4 has either scale', () => {
  const of = (high: number) => rightScales({ low: 0, high }, 1);
  const limit = Math.fround(1e-4);
  expect(of(limit * (1 + 3 * EPS))).toEqual([limit * (1 + 3 * EPS)]);
  expect(of(limit * (1 + EPS))).toEqual([limit * (1 + EPS), 1]);
  expect(of(limit * (1 - EPS))).toEqual([limit * (1 - EPS), 1]);
  expect(of(limit * (1 - 3 * EPS))).toEqual([1]);
  expect(of(1e-6)).toEqual([1]);
});

test('a range that is no divisor is beyond', () => {
  expect([2 ** 126, 2 ** 127, Number.NaN].map((high) => isBeyond({ low: 0, high }))).toEqual([
    false,
    true,
    true,
  ]);
});

test('a first zero is off by its inverse and one product; rounded it may be a neighbour', () => {
  const range = { low: -3, high: 1 };
  const plain = firstZero(range, 2, 3 * EPS, { round_zero: false });
  expect(plain).toEqual({ value: 6, error: 24 * EPS + 3 * FLUSH });
  expect(firstZero(range, 2, 3 * EPS, { round_zero: true })).toEqual({ value: 6, error: 0 });
  expect(firstZero(range, 0.5, 3 * EPS, { round_zero: true })).toEqual({ value: 2, error: 1 });
});

test('a level is off by its inverse, a product and a sum', () => {
  expect(levelError(8, -16, 4, 3 * EPS)).toBe(4 * EPS * 8 + EPS * 16 + 5 * FLUSH);
});
