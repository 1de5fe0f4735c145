import type { AdamHyperparameters } from '../../../vocabulary/optim/adam.ts';
import { adamScalars } from '../adam.ts';
import { type Rule, ruleOfMovement } from '../movement.ts';
import { moments } from './moments.ts';

/** torch.optim.Adam and AdamW with amsgrad: divided by the root of the largest second moment. */
export function amsgrad(params: AdamHyperparameters): Rule {
  return ruleOfMovement({
    state: ['exp_avg', 'exp_avg_sq', 'max_exp_avg_sq'],
    scalars: (step) => {
      const { restOfBeta1: rest1, restOfBeta2: rest2, ...scalars } = adamScalars(params, step);
      return { rest1, rest2, ...scalars };
    },
    move: (calculation, before, grad, s) => {
      const { add, sub, mul, mulAdd, div, root, max } = calculation;
      const g = mulAdd(s.l2, before.param, grad);
      const after = moments(calculation, before, g, s);
      const max_exp_avg_sq = max(before.max_exp_avg_sq, after.exp_avg_sq);
      const denominator = add(div(root(max_exp_avg_sq), s.correction), s.eps);
      const delta = div(mul(s.stepSize, after.exp_avg), denominator);
      return { param: sub(mul(s.decay, before.param), delta), ...after, max_exp_avg_sq };
    },
  });
}
