import { numericElementwise } from '../elementwise.ts';
import { none } from '../rules.ts';
import { signature } from '../signature.ts';

/** y = |x|. */
export const abs = signature({ family: 'math', name: 'abs' }, none, numericElementwise);
