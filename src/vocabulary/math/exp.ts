import { elementwise } from '../elementwise.ts';
import { none } from '../rules.ts';
import { signature } from '../signature.ts';

/** y = e^x. */
export const exp = signature({ family: 'math', name: 'exp' }, none, elementwise);
