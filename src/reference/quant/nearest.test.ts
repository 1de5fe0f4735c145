import { expect, test } from 'vitest';
import { nearestOf } from './nearest.ts';

test('the nearest of several numbers is found, the first of two', () => {
  expect(nearestOf([5, 1, -2], 0.5)).toBe(1);
  expect(nearestOf([5, 1, -2], -9)).toBe(-2);
  expect(nearestOf([3, 1], 2)).toBe(3);
  expect(nearestOf([1, 3], 2)).toBe(1);
});
