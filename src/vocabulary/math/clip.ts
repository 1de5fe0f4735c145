import * as v from 'valibot';
import { number, real } from '../rules.ts';
import { signature } from '../signature.ts';

/** y = x between `min` and `max`, as torch.clamp. */
export const clip = signature(
  { family: 'math', name: 'clip' },
  v.strictObject({ min: v.optional(number), max: v.optional(number) }),
  { inputs: { x: real('[*x]') }, outputs: { y: real('[*x]') }, gradients: ['x'] },
);
