import { mul } from '../../../src/ops/math/mul.ts';
import { reduceMean } from '../../../src/ops/math/reduce_mean.ts';
import { reduceSum } from '../../../src/ops/math/reduce_sum.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import type { Apply } from './model.ts';

/** The mean of all elements, [1]. */
export const meanOf = (apply: Apply, x: Tensor): Tensor =>
  apply(reduceMean, { x }, { axes: x.shape.map((_, axis) => axis), keepdims: false }).y;

/** The square of each element. */
export const squareOf = (apply: Apply, x: Tensor): Tensor => apply(mul, { a: x, b: x }, {}).y;

/** The sum of each row, [..., 1]. */
export const sumOfRows = (apply: Apply, x: Tensor): Tensor =>
  apply(reduceSum, { x }, { axes: [-1] }).y;
