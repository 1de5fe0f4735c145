import shader from '../../../shaders/optim/radam_step.wgsl';
import { TORCH_DEFAULTS } from '../../vocabulary/optim/torch-defaults.ts';
import type { ElementwiseStep, Params } from './elementwise-step.ts';

/** torch.optim.RAdam. */
export function radam(params: Params): ElementwiseStep {
  const { lr, betas, eps, weight_decay, decoupled_weight_decay } = {
    ...TORCH_DEFAULTS.radam,
    ...params,
  };
  const [beta1, beta2] = betas;
  return {
    shader,
    binds: ['exp_avg', 'exp_avg_sq'],
    lr,
    scalars: (rate, step) => [
      ...(decoupled_weight_decay ? [1 - rate * weight_decay, 0] : [1, weight_decay]),
      ...[1 - beta1, beta2, 1 - beta2],
      rate / (1 - beta1 ** step),
      rectifierOf(beta2, step),
      eps,
    ],
  };
}

/** sqrt(1 - beta2^t) times the rectification; 0 where the average is of too few gradients. */
function rectifierOf(beta2: number, step: number): number {
  const correction = 1 - beta2 ** step;
  const most = 2 / (1 - beta2) - 1;
  const length = most - (2 * step * beta2 ** step) / correction;
  if (length <= 5) return 0;
  const share = ((length - 4) * (length - 2) * most) / ((most - 4) * (most - 2) * length);
  return Math.sqrt(correction) * Math.sqrt(share);
}
