import { coordinatesOf, type Shape, sizeOf } from '../tensor/shape.ts';
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
  const at = coordinatesOf(index, target).slice(target.length - source.length);
  return source.reduce((flat, size, i) => flat * size + (size === 1 ? 0 : (at[i] as number)), 0);
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
