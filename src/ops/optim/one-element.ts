import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Tensors } from '../../tensor/tensor.ts';

/** Throws ShapeError when a tensor that holds one number has another size. */
export function checkOneElement(op: string, tensors: Tensors): void {
  for (const [name, { shape, size }] of Object.entries(tensors)) {
    if (size !== 1)
      throw new ShapeError(`${op} needs ${name} of one element, not of ${formatShape(shape)}`);
  }
}
