import { type Shape, sizeOf } from '../tensor/shape.ts';
import type { Value } from './record.ts';

/** The shape of two operands combined element by element, by numpy's rules. */
export function broadcastShape(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const sizeAt = (shape: Shape, i: number) => shape[shape.length - rank + i] ?? 1;
  return Array.from({ length: rank }, (_, i) => (sizeAt(a, i) === 1 ? sizeAt(b, i) : sizeAt(a, i)));
}

/**
 * Index in a tensor of shape `source` of the element that stands at `index` once it is broadcast to
 * `target`.
 */
export function broadcastIndex(index: number, target: Shape, source: Shape): number {
  let rest = index;
  let stride = 1;
  let flat = 0;
  for (let back = 1; back <= source.length; back++) {
    const along = target.at(-back) as number;
    const size = source.at(-back) as number;
    if (size !== 1) flat += (rest % along) * stride;
    rest = Math.floor(rest / along);
    stride *= size;
  }
  return flat;
}

/** Sums `value` over every dimension along which `shape` would be broadcast to it. */
export function sumTo(value: Value, shape: Shape): Value {
  const data = new Float64Array(sizeOf(shape));
  value.data.forEach((x, i) => {
    const at = broadcastIndex(i, value.shape, shape);
    data[at] = (data[at] as number) + x;
  });
  return { shape, data };
}
