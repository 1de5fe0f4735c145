import { numericBinary } from '../binary.ts';
import { none } from '../rules.ts';
import { signature } from '../signature.ts';

/** y = the smaller of a and b, with broadcasting. */
export const minimum = signature({ family: 'math', name: 'minimum' }, none, numericBinary);
