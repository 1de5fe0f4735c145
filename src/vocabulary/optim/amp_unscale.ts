import { float, none } from '../rules.ts';
import { signature } from '../signature.ts';

/** A gradient divided by the scale of the loss, and whether an element was not finite. */
export const ampUnscale = signature(
  { family: 'optim', name: 'amp_unscale', inBundles: false },
  none,
  {
    inputs: { grad: float('[*g]'), scale: float('[1]') },
    outputs: { grad: float('[*g]'), found_inf: float('[1]') },
  },
);
