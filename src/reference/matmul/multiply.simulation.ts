import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { broadcastIndex } from '../broadcast.ts';
import type { Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { dot, type SumOrder, sharedSum } from '../simulation/sums.ts';
import { product } from './product.ts';

/** How the tiles of a product add the terms of a sum. */
export const PRODUCT_ORDER: SumOrder = 'quads';

/** The same of a variant of small results: `tiled` shares their sums out. */
export const productOrder = (variant: string): SumOrder =>
  variant === 'tiled' ? 'shared quads' : PRODUCT_ORDER;

/** scale * op(a) op(b), as the kernels of matmul compute it. */
export function multiply(
  gpu: SimulatedGpu,
  order: SumOrder,
  [a, b, transposeA, transposeB]: readonly [Value, Value, boolean, boolean],
  scale = 1,
): Value {
  const y = product(a, b, transposeA, transposeB, (...terms) => dot(gpu, order, ...terms));
  return scale === 1 ? y : { ...y, data: y.data.map((sum) => gpu.mul(scale, sum)) };
}

/**
 * The sums over the dimensions along which `shape` would be broadcast to `x`, as sum_to_size adds
 * them.
 */
export function sumToSize(gpu: SimulatedGpu, x: Value, shape: Shape): Value {
  const terms = Array.from({ length: sizeOf(shape) }, (): number[] => []);
  x.data.forEach((value, i) => {
    terms[broadcastIndex(i, x.shape, shape)]?.push(value);
  });
  return { shape, data: Float64Array.from(terms, (own) => sharedSum(gpu, own)) };
}
