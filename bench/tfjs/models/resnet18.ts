import * as tf from '@tensorflow/tfjs-core';
import { BLOCKS, type ResidualBlock } from '../../../src/bench/steps/shapes.ts';
import { crossEntropyOf } from '../cross-entropy.ts';
import { linear, type Weights, weightOf } from './layers.ts';

/** The epsilon of its norms. */
const EPS = 1e-5;

/** The loss of ResNet-18 on images x [n, h, w, c], with kernels [h, w, in, out]. */
export function resnetLoss(
  weights: Weights,
  { x, labels }: Readonly<Record<'x' | 'labels', tf.Tensor>>,
): tf.Tensor {
  const first = tf.relu(norm(weights, 'bn1', convolution(weights, 'conv1', x, 1)));
  const last = BLOCKS.reduce((y, block) => residual(weights, block, y), first);
  return crossEntropyOf(linear(weights, 'fc', tf.mean(last, [1, 2])), labels);
}

function residual(weights: Weights, { name, stride }: ResidualBlock, x: tf.Tensor): tf.Tensor {
  const layer = (conv: string, bn: string, y: tf.Tensor, by: number) =>
    norm(weights, `${name}.${bn}`, convolution(weights, `${name}.${conv}`, y, by));
  const inner = tf.relu(layer('conv1', 'bn1', x, stride));
  const across = stride === 1 ? x : layer('downsample.0', 'downsample.1', x, stride);
  return tf.relu(tf.add(layer('conv2', 'bn2', inner, 1), across));
}

function convolution(weights: Weights, name: string, x: tf.Tensor, stride: number): tf.Tensor {
  const kernel = weightOf(weights, `${name}.weight`) as tf.Tensor4D;
  return tf.conv2d(x as tf.Tensor4D, kernel, stride, Math.floor(kernel.shape[0] / 2));
}

/** By mean and variance of the batch. */
function norm(weights: Weights, name: string, x: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  const [weight, bias] = ['weight', 'bias'].map((part) => weightOf(weights, `${name}.${part}`));
  return tf.batchNorm(
    x as tf.Tensor4D,
    mean as tf.Tensor1D,
    variance as tf.Tensor1D,
    bias as tf.Tensor1D,
    weight as tf.Tensor1D,
    EPS,
  );
}
