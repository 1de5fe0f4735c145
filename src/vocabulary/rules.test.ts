import * as v from 'valibot';
import { expect, test } from 'vitest';
import { liveNumber, numberNow } from './live-number.ts';
import {
  count,
  flag,
  fraction,
  integer,
  notNegative,
  number,
  off,
  on,
  padding,
  pair,
  positive,
  size,
} from './rules.ts';

const TYPES = { number, positive, notNegative, fraction, integer, size, count, flag, pair };
const takes = (type: keyof typeof TYPES, value: unknown) => v.is(TYPES[type], value);

test.each<[keyof typeof TYPES, readonly unknown[], readonly unknown[]]>([
  ['number', [-1.5, 0], [Number.NaN, Number.POSITIVE_INFINITY, '1']],
  ['positive', [1e-30], [0, -1]],
  ['notNegative', [0, 1e-30], [-1e-30]],
  ['fraction', [0, 0.5, 1], [-0.001, 1.001]],
  ['integer', [-1, 0, 2 ** 53 - 1], [0.5, 2 ** 53]],
  ['size', [1, 7], [0, 1.5]],
  ['count', [0, 7], [-1, 1.5]],
  ['flag', [true, false, 0, 1], [2, -1, 'true', null]],
  ['pair', [1, [2, 3]], [0, [0, 1], [1, 0], [1], [1, 2, 3]]],
])('%s takes %j and not %j', (type, taken, refused) => {
  expect(taken.filter((value) => !takes(type, value))).toEqual([]);
  expect(refused.filter((value) => takes(type, value))).toEqual([]);
});

test('flags are true and false, and one number stands for both directions', () => {
  expect([0, 1, true, false].map((value) => v.parse(flag, value))).toEqual([
    false,
    true,
    true,
    false,
  ]);
  expect([v.parse(off, undefined), v.parse(on, undefined)]).toEqual([false, true]);
  expect([v.parse(pair, 3), v.parse(pair, [2, 3])]).toEqual([
    [3, 3],
    [2, 3],
  ]);
});

test('a padding has four sides, none of them below zero', () => {
  expect(v.is(padding, [0, 1, 2, 3])).toBe(true);
  const wrong = [[0, 1, 2], [0, 1, 2, 3, 4], ...[0, 1, 2, 3].map((i) => [0, 0, 0, 0].with(i, -1))];
  expect(wrong.filter((value) => v.is(padding, value))).toEqual([]);
});

test('a live number is one, or is asked for', () => {
  expect([1, () => 1].map((value) => v.is(liveNumber, value))).toEqual([true, true]);
  expect(['1', undefined, {}].filter((value) => v.is(liveNumber, value))).toEqual([]);
  let now = 1;
  const live = () => now++;
  expect([numberNow(live), numberNow(live), numberNow(7)]).toEqual([1, 2, 7]);
});
