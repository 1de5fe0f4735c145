import { binary } from '../binary.ts';
import { none } from '../rules.ts';
import { signature } from '../signature.ts';

/** y = a / b, with broadcasting. */
export const div = signature({ family: 'math', name: 'div' }, none, binary);
