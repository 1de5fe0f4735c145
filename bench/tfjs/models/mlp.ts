import * as tf from '@tensorflow/tfjs-core';
import { crossEntropyOf } from '../cross-entropy.ts';
import { linear, type Weights } from './layers.ts';

/** The loss of the perceptron of two linears. */
export function mlpLoss(weights: Weights, { x, labels }: Inputs): tf.Tensor {
  const hidden = tf.relu(linear(weights, 'fc1', x));
  return crossEntropyOf(linear(weights, 'fc2', hidden), labels);
}

interface Inputs {
  readonly x: tf.Tensor;
  readonly labels: tf.Tensor;
}
