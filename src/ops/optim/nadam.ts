import shader from '../../../shaders/optim/nadam_step.wgsl';
import { TORCH_DEFAULTS } from '../../vocabulary/optim/torch-defaults.ts';
import type { ElementwiseStep, Params } from './elementwise-step.ts';

/** torch.optim.NAdam. */
export function nadam(params: Params): ElementwiseStep {
  const { lr, betas, eps, weight_decay, momentum_decay, decoupled_weight_decay } = {
    ...TORCH_DEFAULTS.nadam,
    ...params,
  };
  const [beta1, beta2] = betas;
  return {
    shader,
    binds: ['exp_avg', 'exp_avg_sq'],
    lr,
    scalars: (rate, step) => {
      const { mu, next, product } = muOf(beta1, momentum_decay, step);
      return [
        ...(decoupled_weight_decay ? [1 - rate * weight_decay, 0] : [1, weight_decay]),
        ...[1 - beta1, beta2, 1 - beta2],
        (rate * (1 - mu)) / (1 - product),
        (rate * next) / (1 - product * next),
        Math.sqrt(1 - beta2 ** step),
        eps,
      ];
    },
    counted: (steps) => ({ mu_product: muOf(beta1, momentum_decay, steps).product }),
  };
}

/** Momenta of step `step` and of the next, and the product of all up to it. */
function muOf(beta1: number, momentum_decay: number, step: number) {
  const at = (t: number) => beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay));
  let product = 1;
  // It soon is nothing, and stays so.
  for (let t = 1; t <= step && product > 0; t++) product *= at(t);
  return { mu: at(step), next: at(step + 1), product };
}
