import { type DType, isFloat } from '../tensor/dtype.ts';

/**
 * How a result of operands of these types is stored, by torch's promotion of tensors: as all floats
 * among them are, and in float32 where they differ.
 */
export function promoted(dtypes: Iterable<DType | undefined>): DType {
  const floats = new Set([...dtypes].map((dtype = 'f32') => dtype).filter(isFloat));
  const [only = 'f32', ...others] = floats;
  return others.length === 0 ? only : 'f32';
}
