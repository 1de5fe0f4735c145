import { expect, test } from 'vitest';
import { addedSums, productOf, relativeError, squareSums } from './square-sums.ts';

const f64 = (...numbers: number[]) => Float64Array.from(numbers);

test('errors are relative root mean squares', () => {
  expect(relativeError(squareSums(f64(3, 4), f64(3, 4)))).toBe(0);
  expect(relativeError(squareSums(f64(3, 5), f64(3, 4)))).toBe(1 / 5);
});

test('sums add over layers where errors would not', () => {
  const layers = [squareSums(f64(1, 1), f64(1, 0)), squareSums(f64(0), f64(2))];
  expect(relativeError(addedSums(layers))).toBe(1);
  expect(relativeError(addedSums([]))).toBe(0);
});

test('zeros that stay zeros are right, and others infinitely wrong', () => {
  expect(relativeError(squareSums(f64(0, 0), f64(0, 0)))).toBe(0);
  expect(relativeError(squareSums(f64(0, 1), f64(0, 0)))).toBe(Number.POSITIVE_INFINITY);
});

test('outputs are rows times outputs of the weight', () => {
  const x = f64(1, 2, 3, 4, 5, 6);
  const weight = f64(1, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0, -1);
  expect([...productOf(x, weight, 3)]).toEqual([1, 2, 6, -3, 4, 5, 15, -6]);
});
