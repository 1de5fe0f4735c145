import * as v from 'valibot';
import { elementwise } from '../elementwise.ts';
import { signature } from '../signature.ts';

/** y = x * Phi(x), or its approximation by a hyperbolic tangent. */
export const gelu = signature(
  { family: 'math', name: 'gelu' },
  v.strictObject({ approximate: v.optional(v.picklist(['none', 'tanh']), 'none') }),
  elementwise,
);
