import { nn, numpy as np } from '@jax-js/jax';
import type { ReductionOp } from '../../../src/vocabulary/math/reduction.ts';
import { embedding } from '../../../src/vocabulary/nn/embedding.ts';
import { signatureOf } from '../../../src/vocabulary/registry.ts';
import { concat } from '../../../src/vocabulary/shape/concat.ts';
import { gather } from '../../../src/vocabulary/shape/gather.ts';
import { transpose } from '../../../src/vocabulary/shape/transpose.ts';
import { jaxOp, ONE_SETTING } from '../op.ts';

type Reduce = (x: np.Array, axes: number[], keepdims: boolean) => np.Array;

/** Reductions over some axes. */
const REDUCTIONS: Readonly<Record<string, Reduce>> = {
  logsumexp: (x, axes, keepdims) => nn.logsumexp(x, axes, { keepdims }),
  norm: (x, axes, keepdims) => np.sqrt(np.sum(np.square(x), axes, { keepdims })),
  reduce_max: (x, axes, keepdims) => np.max(x, axes, { keepdims }),
  reduce_mean: (x, axes, keepdims) => np.mean(x, axes, { keepdims }),
  reduce_sum: (x, axes, keepdims) => np.sum(x, axes, { keepdims }),
};

/** A scalar has shape [1] in the vocabulary. */
const orOne = (y: np.Array): np.Array => (y.ndim === 0 ? y.reshape([1]) : y);

export const ops = [
  ...Object.entries(REDUCTIONS).map(([op, reduce]) =>
    jaxOp(
      signatureOf(op) as ReductionOp,
      ({ x }, { axes, keepdims }) => ({ y: orOne(reduce(x, [...axes], keepdims)) }),
      {
        settings: ({ params: { axes } }) =>
          axes.length > 0 ? ONE_SETTING : { reason: 'reductions over no axes are not asked of it' },
      },
    ),
  ),
  jaxOp(transpose, ({ x }, { perm }) => ({ y: x.transpose([...perm]) })),
  jaxOp(concat, (parts, { axis }) => ({ y: np.concatenate(Object.values(parts), axis) })),
  jaxOp(gather, ({ x, indices }, { axis }) => ({ y: np.take(x, indices, axis) }), {
    settings: ({ tensors: { indices } }) =>
      indices.data.every((index) => index >= 0)
        ? ONE_SETTING
        : { reason: 'its take counts no index from the end' },
  }),
  jaxOp(embedding, ({ weight, ids }) => ({ y: np.take(weight, ids, 0) }), {
    settings: ({ params: { padding_idx } }) =>
      padding_idx === undefined ? ONE_SETTING : { reason: 'every row of its take has a gradient' },
  }),
];
