import { float, masked } from '../rules.ts';
import { axisIn } from '../shapes.ts';
import { signature } from '../signature.ts';
import { floatReduction, reductionParams } from './reduction.ts';

/** The logarithm of the sum of exponentials over some axes, in which -inf is masked. */
export const logsumexp = signature({ family: 'math', name: 'logsumexp' }, reductionParams, {
  ...floatReduction,
  inputs: {
    x: masked(float('[*x]'), ({ axes }, shape) => axes.map((axis) => axisIn(axis, shape))),
  },
});
