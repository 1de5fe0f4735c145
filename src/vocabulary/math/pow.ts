import { numericBinary } from '../binary.ts';
import { asOperands, isStoredInteger } from '../promotion.ts';
import { type BundleDType, none, stored } from '../rules.ts';
import { signature } from '../signature.ts';

/** Floats have powers in float64 too, as torch.float_power. */
const asPower = (operands: readonly BundleDType[]): readonly BundleDType[] => {
  const types = asOperands(operands);
  return types.every(isStoredInteger) ? types : [...new Set<BundleDType>([...types, 'F64'])];
};

/**
 * y = a^b, with broadcasting; integers have powers that are integers: to a negative exponent 1 and -1
 * alone have one, and others 0, as torch has it of tensors (a negative Python number it refuses).
 */
export const pow = signature({ family: 'math', name: 'pow' }, none, {
  ...numericBinary,
  outputs: { y: stored(numericBinary.outputs.y, asPower) },
});
