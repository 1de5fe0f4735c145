import { nn, numpy as np } from '@jax-js/jax';
import { BLOCKS, type ResidualBlock } from '../../../src/bench/steps/shapes.ts';
import { convolutionOf, phasedConvolutionOf } from '../convolution.ts';
import { crossEntropyOf } from '../cross-entropy.ts';
import type { Arrays } from '../op.ts';
import { linear, use } from './layers.ts';

/** The epsilon of its norms. */
const EPS = 1e-5;

/** The loss of ResNet-18 on images x [n, c, h, w]. */
export function resnetLoss(weights: Arrays, given: Arrays): np.Array {
  const first = convolution(weights, 'conv1', use(given, 'x'), 1);
  const last = BLOCKS.reduce(
    (y, block) => residual(weights, block, y),
    nn.relu(norm(weights, 'bn1', first)),
  );
  return crossEntropyOf(linear(weights, 'fc', np.mean(last, [2, 3])), use(given, 'labels'));
}

function residual(weights: Arrays, { name, stride }: ResidualBlock, x: np.Array): np.Array {
  const layer = (conv: string, bn: string, y: np.Array, by: number) =>
    norm(weights, `${name}.${bn}`, convolution(weights, `${name}.${conv}`, y, by));
  const inner = nn.relu(layer('conv1', 'bn1', x.ref, stride));
  const across = stride === 1 ? x : layer('downsample.0', 'downsample.1', x, stride);
  return nn.relu(layer('conv2', 'bn2', inner, 1).add(across));
}

function convolution(weights: Arrays, name: string, x: np.Array, stride: number): np.Array {
  const kernel = use(weights, `${name}.weight`);
  const side = Math.floor((kernel.shape[2] as number) / 2);
  const convolve = stride === 1 ? convolutionOf : phasedConvolutionOf;
  return convolve(x, kernel, {
    stride: [stride, stride],
    padding: [side, side, side, side],
  });
}

/** By mean and variance of the batch. */
function norm(weights: Arrays, name: string, x: np.Array): np.Array {
  const axes = [0, 2, 3];
  const off = x.ref.sub(np.mean(x, axes, { keepdims: true }));
  const variance = np.mean(np.square(off.ref), axes, { keepdims: true });
  const [weight, bias] = ['weight', 'bias'].map((part) =>
    use(weights, `${name}.${part}`).reshape([-1, 1, 1]),
  ) as [np.Array, np.Array];
  return off
    .div(np.sqrt(variance.add(EPS)))
    .mul(weight)
    .add(bias);
}
