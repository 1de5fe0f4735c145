import { numericBinary } from '../binary.ts';
import { none } from '../rules.ts';
import { signature } from '../signature.ts';

/** y = a + b, with broadcasting. */
export const add = signature({ family: 'math', name: 'add' }, none, numericBinary);
