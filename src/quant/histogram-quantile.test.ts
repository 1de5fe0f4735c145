import { expect, test } from 'vitest';
import { histogramQuantile } from './histogram-quantile.ts';

test('the quantile lies in the bin that holds the element of its rank', () => {
  const edges = [0, 1, 2, 4];
  expect(histogramQuantile([0, 10, 0], edges, 0.5)).toBeCloseTo(1.45);
  expect(histogramQuantile([1, 1, 1], edges, 0)).toBe(0);
  expect(histogramQuantile([1, 0, 1], edges, 1)).toBe(2);
});

test('a histogram that has counted nothing is refused', () => {
  expect(() => histogramQuantile([0, 0], [0, 1, 2], 0.5)).toThrow(/counted nothing/);
});
