import { elementwise } from '../elementwise.ts';
import { none } from '../rules.ts';
import { signature } from '../signature.ts';

/** y = x * sigmoid(x). */
export const silu = signature({ family: 'nn', name: 'silu' }, none, elementwise);
