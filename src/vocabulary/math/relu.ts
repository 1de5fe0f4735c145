import { numericElementwise } from '../elementwise.ts';
import { none } from '../rules.ts';
import { signature } from '../signature.ts';

/** y = max(x, 0). */
export const relu = signature({ family: 'math', name: 'relu' }, none, numericElementwise);
