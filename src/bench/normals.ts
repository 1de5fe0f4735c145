import { type HostTensor, hostTensorFrom } from '../tensor/host.ts';
import type { Random } from '../tensor/random.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';

/**
 * Numbers that are drawn for a tensor, a prime; it repeats them, because time does not depend on
 * the values, and drawing millions takes long.
 */
const DRAWN = 4093;

/** A tensor of normal numbers of this deviation. */
export function normals(random: Random, shape: Shape, deviation = 1): HostTensor {
  return repeated(random, shape, () => random.normal(deviation));
}

/** A float tensor of what `draw` gives. */
export function repeated(random: Random, shape: Shape, draw: () => number): HostTensor {
  const size = sizeOf(shape);
  const drawn = random.fill(Math.min(size, DRAWN), draw);
  const data = new Float32Array(size);
  for (let i = 0; i < size; i++) data[i] = drawn[i % DRAWN] as number;
  return hostTensorFrom('f32', shape, data);
}

/** A tensor of whole numbers from 0 to `most`. */
export function wholes(random: Random, shape: Shape, most: number): HostTensor {
  const size = sizeOf(shape);
  const drawn = random.fill(Math.min(size, DRAWN), () => random.integer(0, most));
  const data = new Int32Array(size);
  for (let i = 0; i < size; i++) data[i] = drawn[i % DRAWN] as number;
  return hostTensorFrom('i32', shape, data);
}
