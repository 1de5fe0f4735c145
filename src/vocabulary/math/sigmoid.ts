import { elementwise } from '../elementwise.ts';
import { none } from '../rules.ts';
import { signature } from '../signature.ts';

/** y = 1 / (1 + exp(-x)). */
export const sigmoid = signature({ family: 'math', name: 'sigmoid' }, none, elementwise);
