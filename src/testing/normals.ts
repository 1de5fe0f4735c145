import type { FloatStorage } from '../gpu/float-storage.ts';
import { type HostTensor, hostTensor, hostTensorFrom, valuesOf } from '../tensor/host.ts';
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

/** What draws a tensor of normal numbers as this type stores them. */
export function normalsIn(dtype: FloatStorage) {
  return (random: Random, shape: Shape): HostTensor =>
    hostTensorFrom(dtype, shape, valuesOf(normals(random, shape)));
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
  return hostTensor('i32', shape, drawnWholes(new Int32Array(sizeOf(shape)), random, most));
}

/** A tensor of bytes of any value. */
export function bytes(random: Random, shape: Shape): HostTensor {
  return hostTensor('u8', shape, drawnWholes(new Uint8Array(sizeOf(shape)), random, 255));
}

function drawnWholes<T extends Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>>(
  data: T,
  random: Random,
  most: number,
): T {
  const drawn = random.fill(Math.min(data.length, DRAWN), () => random.integer(0, most));
  for (let i = 0; i < data.length; i++) data[i] = drawn[i % DRAWN] as number;
  return data;
}
