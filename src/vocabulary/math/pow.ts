import { floatBinary } from '../binary.ts';
import { none } from '../rules.ts';
import { signature } from '../signature.ts';

/** y = a^b, with broadcasting. */
export const pow = signature({ family: 'math', name: 'pow' }, none, floatBinary);
