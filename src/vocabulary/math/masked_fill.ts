import * as v from 'valibot';
import { codes, float, number } from '../rules.ts';
import { broadcast } from '../shapes.ts';
import { signature } from '../signature.ts';

/** y = `value` where the mask is not 0, else x, with broadcasting. */
export const maskedFill = signature(
  { family: 'math', name: 'masked_fill' },
  v.strictObject({ value: number }),
  {
    inputs: { x: float('[*x]'), mask: codes('[*mask]') },
    outputs: { y: float(({ shape }) => broadcast(shape('x'), shape('mask'))) },
    gradients: ['x'],
  },
);
