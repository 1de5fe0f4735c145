import { expect, test } from 'vitest';
import { recordOf } from '../registry.ts';

test('indices count from the end below 0, and the nearest row stands for one that is not there', () => {
  const x = { shape: [3, 2], data: Float64Array.of(1, 2, 3, 4, 5, 6) };
  const indices = { shape: [4], dtype: 'i32' as const, data: Float64Array.of(-1, 5, -9, 1) };
  const { y } = recordOf('gather').forward({ x, indices }, { axis: 0 });
  expect([y?.shape, ...(y?.data ?? [])]).toEqual([[4, 2], 5, 6, 5, 6, 1, 2, 3, 4]);
});
