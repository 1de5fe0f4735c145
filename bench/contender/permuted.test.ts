import { expect, test } from 'vitest';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { coordinatesOf, sizeOf } from '../../src/tensor/shape.ts';
import { inverse, permuted } from './permuted.ts';

const counted = (shape: readonly number[]) =>
  hostTensorFrom(
    'i32',
    shape,
    Array.from({ length: sizeOf(shape) }, (_, i) => i),
  );

test.each([
  { shape: [3, 5], order: [1, 0] },
  { shape: [2, 3, 5, 7], order: [0, 2, 3, 1] },
  { shape: [2, 3, 5, 7], order: [2, 3, 1, 0] },
  { shape: [4, 1, 3, 3], order: [2, 3, 0, 1] },
])('$shape in the order $order, and back', ({ shape, order }) => {
  const x = counted(shape);
  const y = permuted(x, order);
  expect(y.shape).toEqual(order.map((d) => shape[d]));
  for (let to = 0; to < y.data.length; to++) {
    const at = coordinatesOf(to, y.shape);
    const from = coordinatesOf(y.data[to] as number, shape);
    expect(order.map((d) => from[d])).toEqual(at);
  }
  expect(permuted(y, inverse(order))).toEqual(x);
});
