import { elementwise } from '../elementwise.ts';
import { none } from '../rules.ts';
import { signature } from '../signature.ts';

/** y = erf(x), 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
export const erf = signature({ family: 'math', name: 'erf' }, none, elementwise);
