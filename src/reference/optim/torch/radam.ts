import type { optimizerSteps } from '../../../vocabulary/optim/optimizer_steps.ts';
import { TORCH_DEFAULTS } from '../../../vocabulary/optim/torch-defaults.ts';
import type { ParamsOf } from '../../../vocabulary/signature.ts';
import { type Rule, ruleOfMovement } from '../movement.ts';
import { moments } from './moments.ts';

/** torch.optim.RAdam. */
export function radam(params: ParamsOf<typeof optimizerSteps>): Rule {
  const { lr, betas, eps, weight_decay, decoupled_weight_decay } = {
    ...TORCH_DEFAULTS.radam,
    ...params,
  };
  const [beta1, beta2] = betas;
  return ruleOfMovement({
    state: ['exp_avg', 'exp_avg_sq'],
    scalars: (step) => ({
      decay: decoupled_weight_decay ? 1 - lr * weight_decay : 1,
      l2: decoupled_weight_decay ? 0 : weight_decay,
      rest1: 1 - beta1,
      beta2,
      rest2: 1 - beta2,
      size: lr / (1 - beta1 ** step),
      rectifier: rectifierOf(beta2, step),
      eps,
    }),
    move: (calculation, before, grad, s, { rectifier }) => {
      const { add, sub, mul, mulAdd, div, root, beside } = calculation;
      const g = mulAdd(s.l2, before.param, grad);
      const after = moments(calculation, before, g, s);
      const plain = mul(s.size, after.exp_avg);
      const along = mul(plain, div(s.rectifier, add(root(after.exp_avg_sq), s.eps)));
      const decayed = mul(s.decay, before.param);
      return { param: sub(decayed, rectifier === 0 ? beside(plain, along) : along), ...after };
    },
  });
}

/**
 * r sqrt(1 - beta2^t) of Liu et al. 2019, with r the rectification by the length of the average;
 * 0 up to a length of 5, where the second moment is not used.
 */
export function rectifierOf(beta2: number, step: number): number {
  const longest = 2 / (1 - beta2) - 1;
  const correction = 1 - beta2 ** step;
  const length = longest - (2 * step * beta2 ** step) / correction;
  if (!(length > 5)) return 0;
  const ratio = (x: number) => (x - 4) * (x - 2);
  return Math.sqrt((correction * ratio(length) * longest) / (ratio(longest) * length));
}
