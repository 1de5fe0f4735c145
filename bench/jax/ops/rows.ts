import { nn } from '@jax-js/jax';
import { crossEntropy } from '../../../src/vocabulary/nn/cross_entropy.ts';
import { layerNorm } from '../../../src/vocabulary/nn/layer_norm.ts';
import { logSoftmax } from '../../../src/vocabulary/nn/log_softmax.ts';
import { isAsked } from '../../../src/vocabulary/nn/loss.ts';
import { rmsNorm } from '../../../src/vocabulary/nn/rms_norm.ts';
import { softmax } from '../../../src/vocabulary/nn/softmax.ts';
import { crossEntropyOf } from '../cross-entropy.ts';
import { layerNormOf, rmsNormOf } from '../norms.ts';
import { jaxOp, ONE_SETTING } from '../op.ts';

const lastAxis = {
  settings: ({
    params: { axis },
    tensors: { x },
  }: {
    readonly params: { readonly axis: number };
    readonly tensors: { readonly x: { readonly shape: readonly number[] } };
  }) =>
    axis === -1 || axis === x.shape.length - 1
      ? ONE_SETTING
      : { reason: 'its norms are asked of the last dimension alone' },
};

export const ops = [
  jaxOp(softmax, ({ x }, { axis }) => ({ y: nn.softmax(x, axis) })),
  jaxOp(logSoftmax, ({ x }, { axis }) => ({ y: nn.logSoftmax(x, axis) })),
  jaxOp(
    rmsNorm,
    ({ x, weight, bias }, { eps }) => {
      const y = rmsNormOf(x, weight, eps);
      return { y: bias ? y.add(bias) : y };
    },
    lastAxis,
  ),
  jaxOp(
    layerNorm,
    ({ x, weight, bias }, { eps }) => ({ y: layerNormOf(x, weight, bias, eps) }),
    lastAxis,
  ),
  jaxOp(
    crossEntropy,
    ({ logits, labels }) => ({ loss: crossEntropyOf(logits, labels).reshape([1]) }),
    {
      settings: ({ tensors: { logits, labels, weight }, params }) => {
        const { reduction, label_smoothing, shift, log_probs } = params;
        const isPlain = reduction === 'mean' && label_smoothing === 0 && !shift && !log_probs;
        const asksAll = logits.shape.length === 2 && labels.data.every(isAsked);
        return isPlain && asksAll && !weight
          ? ONE_SETTING
          : { reason: 'it is asked for the plain mean over rows alone' };
      },
    },
  ),
];
