import { numpy as np } from '@jax-js/jax';
import { adamwStep } from '../../../src/vocabulary/optim/adamw_step.ts';
import { jaxOp, ONE_SETTING } from '../op.ts';

export const ops = [
  jaxOp(
    adamwStep,
    ({ param, exp_avg, exp_avg_sq, grad }, { lr, betas, eps, weight_decay, step }) => {
      const [beta1, beta2] = betas;
      const first = exp_avg.mul(beta1).add(grad.ref.mul(1 - beta1));
      const second = exp_avg_sq.mul(beta2).add(np.square(grad).mul(1 - beta2));
      const root = np.sqrt(second.ref.mul(1 / (1 - beta2 ** step)));
      const update = first.ref.mul(lr / (1 - beta1 ** step)).div(root.add(eps));
      const decayed = param.mul(1 - lr * weight_decay);
      return { param: decayed.sub(update), exp_avg: first, exp_avg_sq: second };
    },
    {
      settings: ({ params: { mode, bias_correction } }) =>
        mode === 'adamw' && bias_correction
          ? ONE_SETTING
          : { reason: 'it is asked for AdamW with corrected moments alone' },
    },
  ),
];
