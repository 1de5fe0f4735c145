import { expect, test } from 'vitest';
import type { Value } from '../record.ts';
import { singularValues } from './singular-values.ts';

const of = (shape: readonly [number, number], ...data: readonly number[]): Value => ({
  shape,
  data: Float64Array.from(data),
});
const sorted = (matrix: Value) => [...singularValues(matrix)].sort((a, b) => a - b);

test.each<[string, Value, readonly number[]]>([
  ['rows that are orthogonal', of([2, 3], 3, 0, 0, 0, 0, -4), [3, 4]],
  // Of a symmetric matrix the sizes of its eigenvalues, 3 and -1.
  ['a symmetric matrix', of([2, 2], 1, 2, 2, 1), [1, 3]],
  ['rows of one direction', of([2, 2], 3, 4, 6, 8), [0, Math.sqrt(125)]],
  ['nothing but zeros', of([2, 2], 0, 0, 0, 0), [0, 0]],
  ['one row', of([1, 2], 3, 4), [5]],
])('of %s', (_, matrix, expected) => {
  for (const [i, value] of sorted(matrix).entries())
    expect(value).toBeCloseTo(expected[i] as number, 12);
});

test('keep the sum of squares and the determinant', () => {
  const [a, b, c] = sorted(of([3, 3], 2, -1, 0.5, 1, 3, -2, 0.25, 1, 1)) as [
    number,
    number,
    number,
  ];
  expect(a * a + b * b + c * c).toBeCloseTo(21.3125, 10);
  expect(a * b * c).toBeCloseTo(11.625, 10);
});
