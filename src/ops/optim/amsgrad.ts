import shader from '../../../shaders/optim/amsgrad_step.wgsl';
import type { AdamHyperparameters } from '../../vocabulary/optim/adam.ts';
import { adamScalars } from './adamw_step.ts';
import type { ElementwiseStep } from './elementwise-step.ts';

/** torch.optim.Adam and AdamW with amsgrad. */
export function amsgrad(hyperparameters: AdamHyperparameters): ElementwiseStep {
  return {
    shader,
    binds: ['exp_avg', 'exp_avg_sq', 'max_exp_avg_sq'],
    lr: hyperparameters.lr,
    scalars: (lr, step) => {
      const s = adamScalars({ ...hyperparameters, lr }, step);
      const moments = [s.decay, s.l2, s.restOfBeta1, s.beta2, s.restOfBeta2];
      return [...moments, s.stepSize, s.correction, s.eps];
    },
  };
}
