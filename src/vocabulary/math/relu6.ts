import { elementwise } from '../elementwise.ts';
import { none } from '../rules.ts';
import { signature } from '../signature.ts';

/** y = x between 0 and 6. */
export const relu6 = signature(
  { family: 'math', name: 'relu6', inBundles: false },
  none,
  elementwise,
);
