import { numericBinary } from '../binary.ts';
import { none } from '../rules.ts';
import { signature } from '../signature.ts';

/** y = a - b, with broadcasting. */
export const sub = signature({ family: 'math', name: 'sub' }, none, numericBinary);
