import * as tf from '@tensorflow/tfjs-core';
import { crossEntropy } from '../../../src/vocabulary/nn/cross_entropy.ts';
import { layerNorm } from '../../../src/vocabulary/nn/layer_norm.ts';
import { isAsked } from '../../../src/vocabulary/nn/loss.ts';
import { rmsNorm } from '../../../src/vocabulary/nn/rms_norm.ts';
import { softmax } from '../../../src/vocabulary/nn/softmax.ts';
import { crossEntropyOf } from '../cross-entropy.ts';
import { layerNormOf, rmsNormOf } from '../norms.ts';
import { ONE_SETTING, tfOp } from '../op.ts';

const LAST_AXIS = { reason: 'its softmax and its norms are asked of the last dimension alone' };

/** Whether an axis is the last of x. */
const isLast = (axis: number, { shape }: { readonly shape: readonly number[] }) =>
  axis === -1 || axis === shape.length - 1;

const lastAxis = {
  settings: (asked: {
    readonly params: { readonly axis: number };
    readonly tensors: { readonly x: { readonly shape: readonly number[] } };
  }) => (isLast(asked.params.axis, asked.tensors.x) ? ONE_SETTING : LAST_AXIS),
};

export const ops = [
  tfOp(softmax, ({ x }) => ({ y: tf.softmax(x) }), lastAxis),
  tfOp(
    rmsNorm,
    ({ x, weight, bias }, { eps }) => {
      const y = rmsNormOf(x, weight, eps);
      return { y: bias ? tf.add(y, bias) : y };
    },
    lastAxis,
  ),
  tfOp(
    layerNorm,
    ({ x, weight, bias }, { eps }) => ({ y: layerNormOf(x, weight, bias, eps) }),
    lastAxis,
  ),
  tfOp(
    crossEntropy,
    ({ logits, labels }) => ({ loss: tf.reshape(crossEntropyOf(logits, labels), [1]) }),
    {
      settings: ({ tensors: { logits, labels, weight }, params }) => {
        const { reduction, label_smoothing, shift, log_probs } = params;
        const isPlain = reduction === 'mean' && label_smoothing === 0 && !shift && !log_probs;
        const [, classes = 0] = logits.shape;
        const asksAll = logits.shape.length === 2 && classes > 1 && labels.data.every(isAsked);
        return isPlain && asksAll && !weight
          ? ONE_SETTING
          : { reason: 'its softmaxCrossEntropy is asked for the plain mean over rows alone' };
      },
    },
  ),
];
