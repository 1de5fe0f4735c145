import { nn, type numpy as np } from '@jax-js/jax';
import { crossEntropyOf } from '../cross-entropy.ts';
import type { Arrays } from '../op.ts';
import { linear, use } from './layers.ts';

/** The loss of the perceptron of two linears. */
export function mlpLoss(weights: Arrays, given: Arrays): np.Array {
  const hidden = nn.relu(linear(weights, 'fc1', use(given, 'x')));
  return crossEntropyOf(linear(weights, 'fc2', hidden), use(given, 'labels'));
}
