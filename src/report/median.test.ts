import { expect, test } from 'vitest';
import { median } from './median.ts';

test('a median is the middle in whatever order, or the mean of both', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 3, 100])).toBe(3.5);
  expect(median([7])).toBe(7);
  expect(median([])).toBeNaN();
});
