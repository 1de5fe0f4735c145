import { matrixOf } from '../../tensor/shape.ts';
import type { Value } from '../record.ts';

/** All but the last dimension as one. */
export function flatRows(value: Value): Value {
  return { ...value, shape: matrixOf(value.shape) };
}
