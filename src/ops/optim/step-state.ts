import { ShapeError } from '../../tensor/host.ts';
import type { Tensors } from '../../tensor/tensor.ts';
import { checkTypes } from '../element-types.ts';

/**
 * Throws ShapeError or ElementTypeError unless what a step reads and changes where it lies is f32
 * and of one size.
 */
export function checkState(op: string, state: Tensors): void {
  checkTypes(op, state, ['f32']);
  const sizes = Object.values(state).map(({ size }) => size);
  if (new Set(sizes).size > 1)
    throw new ShapeError(
      `${op} needs ${Object.keys(state).join(', ')} of one size, not ${sizes.join(', ')}`,
    );
}
