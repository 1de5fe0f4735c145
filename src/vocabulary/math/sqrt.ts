import { elementwise } from '../elementwise.ts';
import { none } from '../rules.ts';
import { signature } from '../signature.ts';

/** y = the square root of x. */
export const sqrt = signature({ family: 'math', name: 'sqrt' }, none, elementwise);
