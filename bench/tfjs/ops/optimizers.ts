import * as tf from '@tensorflow/tfjs-core';
import { adamwStep } from '../../../src/vocabulary/optim/adamw_step.ts';
import { ONE_SETTING, tfOp } from '../op.ts';

export const ops = [
  // Its own optimizers change variables, and none decays weights apart.
  tfOp(
    adamwStep,
    ({ param, exp_avg, exp_avg_sq, grad }, { lr, betas, eps, weight_decay, step }) => {
      const [beta1, beta2] = betas;
      const first = tf.add(tf.mul(exp_avg, beta1), tf.mul(grad, 1 - beta1));
      const second = tf.add(tf.mul(exp_avg_sq, beta2), tf.mul(tf.square(grad), 1 - beta2));
      const scale = lr / (1 - beta1 ** step);
      const root = tf.sqrt(tf.div(second, 1 - beta2 ** step));
      const update = tf.mul(tf.div(first, tf.add(root, eps)), scale);
      const decayed = tf.mul(param, 1 - lr * weight_decay);
      return { param: tf.sub(decayed, update), exp_avg: first, exp_avg_sq: second };
    },
    {
      settings: ({ params: { mode, bias_correction } }) =>
        mode === 'adamw' && bias_correction
          ? ONE_SETTING
          : { reason: 'it is asked for AdamW with corrected moments alone' },
    },
  ),
];
