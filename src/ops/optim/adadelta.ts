import shader from '../../../shaders/optim/adadelta_step.wgsl';
import { TORCH_DEFAULTS } from '../../vocabulary/optim/torch-defaults.ts';
import type { ElementwiseStep, Params } from './elementwise-step.ts';

/** torch.optim.Adadelta. */
export function adadelta(params: Params): ElementwiseStep {
  const { lr, rho, eps, weight_decay } = { ...TORCH_DEFAULTS.adadelta, ...params };
  return {
    shader,
    binds: ['square_avg', 'acc_delta'],
    lr,
    scalars: (rate) => [rate, weight_decay, rho, 1 - rho, eps],
  };
}
