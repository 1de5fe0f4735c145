import { numericBinary } from '../binary.ts';
import { none } from '../rules.ts';
import { signature } from '../signature.ts';

/** y = the larger of a and b, with broadcasting. */
export const maximum = signature({ family: 'math', name: 'maximum' }, none, numericBinary);
