import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { broadcastIndex } from '../broadcast.ts';
import type { Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { dot, type SumOrder, sharedSum } from '../simulation/sums.ts';
import { product } from './product.ts';

/** How the tiles of a product add the terms of a sum. */
export const PRODUCT_ORDER: SumOrder = 'quads';

/** Quads whose terms, where columns of A are dense, come in an order that the lane of a column has. */
type ProductOrder = SumOrder | 'quads of lanes';

/** The same of a variant: `tiled` shares the sums of small results out, `subgroup` has lanes. */
export function productOrder(variant: string): ProductOrder {
  if (variant === 'tiled') return 'shared quads';
  return variant === 'subgroup' ? 'quads of lanes' : PRODUCT_ORDER;
}

/** scale * op(a) op(b), as the kernels of matmul compute it. */
export function multiply(
  gpu: SimulatedGpu,
  order: ProductOrder,
  [a, b, transposeA, transposeB]: readonly [Value, Value, boolean, boolean],
  scale = 1,
): Value {
  const columns = b.shape.at(-1) as number;
  const hasLanes =
    order === 'quads of lanes' &&
    transposeA &&
    !transposeB &&
    a.shape.at(-1) !== 1 &&
    [a, b].every(({ shape }) => (shape.at(-1) as number) % 4 === 0);
  const sums = order === 'quads of lanes' ? PRODUCT_ORDER : order;
  const y = product(a, b, transposeA, transposeB, (x, startX, w, startW, terms) => {
    if (!hasLanes) return dot(gpu, sums, x, startX, w, startW, terms);
    const lane = Math.floor(((startW / terms) % columns) / 4) % 4;
    const own = reached(x, startX, terms, lane);
    return dot(gpu, sums, own, 0, reached(w, startW, terms, lane), 0, terms);
  });
  return scale === 1 ? y : { ...y, data: y.data.map((sum) => gpu.mul(scale, sum)) };
}

/** Terms in the order in which they reach a lane of a quad: of each four its own first. */
function reached(x: Float64Array, start: number, terms: number, lane: number): Float64Array {
  const places = Array.from(
    { length: Math.ceil(terms / 4) * 4 },
    (_, i) => i - (i % 4) + (lane ^ (i % 4)),
  );
  return Float64Array.from(
    places.filter((place) => place < terms),
    (place) => x[start + place] as number,
  );
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
