import { float, none } from '../rules.ts';
import { signature } from '../signature.ts';

/** y = a + b, the gradient of a tensor that is used twice. */
export const accumulateGrad = signature(
  { family: 'nn', name: 'accumulate_grad', inBundles: false },
  none,
  { inputs: { a: float('[*x]'), b: float('[*x]') }, outputs: { y: float('[*x]') } },
);
