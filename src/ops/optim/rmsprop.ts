import shader from '../../../shaders/optim/rmsprop_step.wgsl';
import { TORCH_DEFAULTS } from '../../vocabulary/optim/torch-defaults.ts';
import type { ElementwiseStep, Params } from './elementwise-step.ts';

/** torch.optim.RMSprop, which keeps what its options need. */
export function rmsprop(params: Params): ElementwiseStep {
  const { lr, alpha, eps, weight_decay, momentum, centered } = {
    ...TORCH_DEFAULTS.rmsprop,
    ...params,
  };
  return {
    shader,
    constants: { CENTERED: Number(centered), MOMENTUM: Number(momentum > 0) },
    binds: [
      'square_avg',
      centered ? 'grad_avg' : undefined,
      momentum > 0 ? 'momentum_buffer' : undefined,
    ],
    lr,
    scalars: (rate) => [rate, weight_decay, alpha, 1 - alpha, eps, momentum],
  };
}
