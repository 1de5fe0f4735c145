import { elementwise } from '../elementwise.ts';
import { none } from '../rules.ts';
import { signature } from '../signature.ts';

/** y = ln x. */
export const log = signature({ family: 'math', name: 'log' }, none, elementwise);
