import { signature } from '../signature.ts';
import { floatReduction, reductionParams } from './reduction.ts';

/** The logarithm of the sum of exponentials over some axes. */
export const logsumexp = signature(
  { family: 'math', name: 'logsumexp' },
  reductionParams,
  floatReduction,
);
