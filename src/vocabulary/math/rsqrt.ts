import { elementwise } from '../elementwise.ts';
import { none } from '../rules.ts';
import { signature } from '../signature.ts';

/** y = 1 / sqrt(x). */
export const rsqrt = signature({ family: 'math', name: 'rsqrt' }, none, elementwise);
