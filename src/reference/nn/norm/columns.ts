import type { Shape } from '../../../tensor/shape.ts';
import { FLUSH, gamma } from '../../bounds.ts';
import { sumTo } from '../../broadcast.ts';
import type { Arithmetic, Value } from '../../record.ts';

/** The error of sums over the rows of `value`, down to `shape`: of sums without products, which are one level less deep. */
export function boundOfColumnSums(value: Value, shape: Shape, { depth }: Arithmetic): Float64Array {
  const sizes = sumTo({ ...value, data: value.data.map(Math.abs) }, shape).data;
  const rows = sizes.length === 0 ? 0 : value.data.length / sizes.length;
  return sizes.map((size) => gamma(Math.max(0, depth(rows) - 1)) * size + FLUSH * rows);
}
