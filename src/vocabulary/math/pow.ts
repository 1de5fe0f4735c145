import { numericBinary } from '../binary.ts';
import { none } from '../rules.ts';
import { signature } from '../signature.ts';

/**
 * y = a^b, with broadcasting; integers have powers that are integers, 0 for most negative exponents,
 * as torch has it of tensors.
 */
export const pow = signature({ family: 'math', name: 'pow' }, none, numericBinary);
