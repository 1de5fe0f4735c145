import { expect, test } from 'vitest';
import type { Cause } from '../../report/causes.ts';
import { result } from '../../report/fixtures/reports.ts';
import { toldOf } from './failures.ts';

const cause = (name: string, count: number): Cause => ({
  kernels: [name],
  alsoPassed: 0,
  code: 'out-of-bound',
  results: Array.from({ length: count }, (_, i) =>
    result({
      id: `${name}:${i}`,
      status: 'fail',
      assertions: 1,
      error: { code: 'out-of-bound', message: '' },
    }),
  ),
});
const told = (causes: readonly Cause[], most: number) =>
  toldOf(causes, most).map((one) => one.told.map(({ id }) => id));

test('each cause is told by its first checks, and no large one hides a small one', () => {
  expect(told([cause('a', 9), cause('b', 1), cause('c', 2)], 5)).toEqual([
    ['a:0', 'a:1'],
    ['b:0'],
    ['c:0', 'c:1'],
  ]);
  expect(told([cause('a', 9), cause('b', 1)], 5)).toEqual([['a:0', 'a:1', 'a:2', 'a:3'], ['b:0']]);
});

test('there are never more than asked for, and all where they are fewer', () => {
  expect(told([cause('a', 1), cause('b', 1), cause('c', 1)], 2)).toEqual([['a:0'], ['b:0']]);
  expect(told([cause('a', 2)], 5)).toEqual([['a:0', 'a:1']]);
  expect(told([], 5)).toEqual([]);
});
