import type { Shape } from '../tensor/shape.ts';
import { FLUSH, gamma, sumLevels } from './bounds.ts';
import { sumTo } from './broadcast.ts';
import { absolute } from './matmul/product.ts';
import type { Depth, Value } from './record.ts';

/**
 * The error of sums of `value` down to `shape`, as of a bias's gradient: of sums without products,
 * which are one level less deep.
 */
export function boundOfColumnSums(value: Value, shape: Shape, depth: Depth): Float64Array {
  const sizes = sumTo(absolute(value), shape).data;
  const rows = value.data.length / sizes.length;
  return sizes.map((size) => gamma(sumLevels(rows, depth)) * size + FLUSH * rows);
}
