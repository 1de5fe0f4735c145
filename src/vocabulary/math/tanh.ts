import { elementwise } from '../elementwise.ts';
import { none } from '../rules.ts';
import { signature } from '../signature.ts';

/** y = tanh x. */
export const tanh = signature({ family: 'math', name: 'tanh' }, none, elementwise);
