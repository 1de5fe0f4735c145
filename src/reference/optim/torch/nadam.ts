import type { optimizerSteps } from '../../../vocabulary/optim/optimizer_steps.ts';
import { TORCH_DEFAULTS } from '../../../vocabulary/optim/torch-defaults.ts';
import type { ParamsOf } from '../../../vocabulary/signature.ts';
import { type Rule, ruleOfMovement } from '../movement.ts';
import { moments } from './moments.ts';

/** torch.optim.NAdam. */
export function nadam(params: ParamsOf<typeof optimizerSteps>): Rule {
  const { lr, betas, eps, weight_decay, momentum_decay, decoupled_weight_decay } = {
    ...TORCH_DEFAULTS.nadam,
    ...params,
  };
  const [beta1, beta2] = betas;
  const { factorsAt, muProduct } = nadamFactors({ lr, betas, momentum_decay });
  const rule = ruleOfMovement({
    state: ['exp_avg', 'exp_avg_sq'],
    scalars: (step) => {
      return {
        decay: decoupled_weight_decay ? 1 - lr * weight_decay : 1,
        l2: decoupled_weight_decay ? 0 : weight_decay,
        rest1: 1 - beta1,
        beta2,
        rest2: 1 - beta2,
        ...factorsAt(step),
        correction: Math.sqrt(1 - beta2 ** step),
        eps,
      };
    },
    move: (calculation, before, grad, s) => {
      const { add, sub, mul, mulAdd, div, root } = calculation;
      const g = mulAdd(s.l2, before.param, grad);
      const after = moments(calculation, before, g, s);
      const denominator = add(div(root(after.exp_avg_sq), s.correction), s.eps);
      const decayed = mul(s.decay, before.param);
      const direct = div(mul(s.direct, g), denominator);
      const ahead = div(mul(s.ahead, after.exp_avg), denominator);
      return { param: sub(sub(decayed, direct), ahead), ...after };
    },
  });
  return {
    ...rule,
    counted: (steps) => ({ mu_product: muProduct(steps) }),
  };
}

/**
 * By what NAdam's step multiplies the gradient and its average, and the product of the momenta of
 * all steps.
 */
export function nadamFactors({
  lr,
  betas: [beta1],
  momentum_decay,
}: {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly momentum_decay: number;
}) {
  const mu = (step: number) => beta1 * (1 - 0.96 ** (step * momentum_decay) / 2);
  const muProduct = (steps: number) =>
    Array.from({ length: steps }, (_, i) => mu(i + 1)).reduce((product, x) => product * x, 1);
  const factorsAt = (step: number) => ({
    direct: (lr * (1 - mu(step))) / (1 - muProduct(step)),
    ahead: (lr * mu(step + 1)) / (1 - muProduct(step + 1)),
  });
  return { factorsAt, muProduct };
}
