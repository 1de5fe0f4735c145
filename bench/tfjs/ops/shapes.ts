import * as tf from '@tensorflow/tfjs-core';
import type { ReductionOp } from '../../../src/vocabulary/math/reduction.ts';
import { embedding } from '../../../src/vocabulary/nn/embedding.ts';
import { signatureOf } from '../../../src/vocabulary/registry.ts';
import { concat } from '../../../src/vocabulary/shape/concat.ts';
import { gather } from '../../../src/vocabulary/shape/gather.ts';
import { transpose } from '../../../src/vocabulary/shape/transpose.ts';
import { ONE_SETTING, tfOp } from '../op.ts';

type Reduce = (x: tf.Tensor, axes: number[], keepDims: boolean) => tf.Tensor;

/** Reductions over some axes. */
const REDUCTIONS: Readonly<Record<string, Reduce>> = {
  logsumexp: tf.logSumExp,
  norm: (x, axes, keepDims) => tf.sqrt(tf.sum(tf.square(x), axes, keepDims)),
  reduce_max: tf.max,
  reduce_mean: tf.mean,
  reduce_sum: tf.sum,
};

/** A scalar has shape [1] in the vocabulary. */
const orOne = (y: tf.Tensor): tf.Tensor => (y.rank === 0 ? tf.reshape(y, [1]) : y);

export const ops = [
  ...Object.entries(REDUCTIONS).map(([op, reduce]) =>
    tfOp(
      signatureOf(op) as ReductionOp,
      ({ x }, { axes, keepdims }) => ({ y: orOne(reduce(x, [...axes], keepdims)) }),
      {
        settings: ({ params: { axes } }) =>
          axes.length > 0 ? ONE_SETTING : { reason: 'reductions over no axes are not asked of it' },
      },
    ),
  ),
  tfOp(transpose, ({ x }, { perm }) => ({ y: tf.transpose(x, [...perm]) })),
  tfOp(concat, (parts, { axis }) => ({ y: tf.concat(Object.values(parts), axis) })),
  tfOp(gather, ({ x, indices }, { axis }) => ({ y: tf.gather(x, indices as tf.Tensor1D, axis) }), {
    settings: ({ tensors: { indices } }) =>
      indices.data.every((index) => index >= 0)
        ? ONE_SETTING
        : { reason: 'its gather counts no index from the end' },
  }),
  tfOp(embedding, ({ weight, ids }) => ({ y: tf.gather(weight, ids as tf.Tensor1D) }), {
    settings: ({ params: { padding_idx } }) =>
      padding_idx === undefined
        ? ONE_SETTING
        : { reason: 'every row of its gather takes a gradient' },
  }),
];
