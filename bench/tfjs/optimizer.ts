import * as tf from '@tensorflow/tfjs-core';
import type { StepOf } from '../../src/bench/work.ts';

/** What updates variables by the gradients of a loss. */
export interface Optimizer {
  /** One step; the caller owns the loss, which is that before it. */
  step(loss: () => tf.Scalar, variables: tf.Variable[]): tf.Tensor;
  dispose(): void;
}

/** The optimizer of a step, with every number that the library has another default for. */
export function optimizerOf({ model }: StepOf): Optimizer {
  if (model === 'resnet18') return minimizing(tf.train.momentum(0.01, 0.9));
  const adam = tf.train.adam(LR, 0.9, 0.999, 1e-8);
  return model === 'llama-lora' ? decaying(adam) : minimizing(adam);
}

const LR = 1e-3;
const DECAY = 0.01;

const minimizing = (optimizer: tf.Optimizer): Optimizer => ({
  step: (loss, variables) => optimizer.minimize(loss, true, variables) as tf.Tensor,
  dispose: () => optimizer.dispose(),
});

/** AdamW: the library has none, so that weights decay before its Adam changes them. */
const decaying = (optimizer: tf.Optimizer): Optimizer => ({
  step: (loss, variables) => {
    const { value, grads } = optimizer.computeGradients(loss, variables);
    tf.tidy(() => {
      for (const variable of variables) variable.assign(tf.mul(variable, 1 - LR * DECAY));
    });
    optimizer.applyGradients(grads);
    tf.dispose(grads);
    return value;
  },
  dispose: () => optimizer.dispose(),
});
