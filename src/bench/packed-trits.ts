import { hostTensorFrom } from '../tensor/host.ts';
import type { Random } from '../tensor/random.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';

/** Trits of every kind, four a byte. */
export function drawPackedTrits(random: Random, shape: Shape) {
  const trit = () => random.integer(0, 2);
  const byte = () => trit() | (trit() << 2) | (trit() << 4) | (trit() << 6);
  return hostTensorFrom('u8', shape, Uint8Array.from({ length: sizeOf(shape) }, byte));
}

/** The same, five a byte. */
export function drawTritsOfBase3(random: Random, shape: Shape) {
  const byte = () => random.integer(0, 242);
  return hostTensorFrom('u8', shape, Uint8Array.from({ length: sizeOf(shape) }, byte));
}
