import { expect, test } from 'vitest';
import { histogramQuantile } from './histogram-quantile.ts';

test('the quantile lies in the bin that holds the element of its rank', () => {
  const edges = [0, 1, 2, 4];
  expect(histogramQuantile([0, 10, 0], edges, 0.5)).toBeCloseTo(1.45);
  expect(histogramQuantile([1, 1, 1], edges, 0)).toBe(0);
  expect(histogramQuantile([1, 0, 1], edges, 1)).toBe(2);
});

test('the quantile is linear within its bin, however many are below', () => {
  // Of ten elements the middle is at place 4.5: 1.5 of the four in the second bin.
  expect(histogramQuantile([3, 4, 3], [0, 2, 10, 12], 0.5)).toBe(2 + (1.5 / 4) * 8);
  expect(histogramQuantile([1], [5, 9], 1)).toBe(5);
});

test('a histogram that has counted nothing is refused', () => {
  expect(() => histogramQuantile([0, 0], [0, 1, 2], 0.5)).toThrow(/counted nothing/);
});
