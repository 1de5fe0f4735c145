import { absoluteProduct, productBound } from '../matmul/product.ts';
import type { Acceptance, Depth, Value } from '../record.ts';

/** A weight in float64, and how far each element may be off when it is decoded. */
export interface DecodedWeight extends Value {
  readonly bound: Float64Array;
}

/**
 * Bound of x W^T (transposed), or x W, whose weight is decoded with an error of its own: that of the
 * sums, of magnitudes that `wide` may enlarge, and what becomes of the error.
 */
export function decodedProductBound(
  x: Value,
  weight: DecodedWeight,
  transposed: boolean,
  depth: Depth,
  wide: (i: number) => number = () => 0,
): Acceptance {
  const { shape, data, bound } = weight;
  const largest = data.map((y, i) => Math.abs(y) + (bound[i] as number) + wide(i));
  const carried = absoluteProduct(x, { shape, data: bound }, false, transposed).data;
  const sums = productBound(x, { shape, data: largest }, false, transposed, depth);
  return { ...sums, bound: sums.bound.map((b, i) => b + (carried[i] as number)) };
}
