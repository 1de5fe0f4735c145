import { scaledDotProductAttention } from '../../../src/ops/attention/scaled_dot_product_attention.ts';
import { convTranspose2d } from '../../../src/ops/conv/conv_transpose2d.ts';
import { conv1d } from '../../../src/ops/conv/conv1d.ts';
import { conv2d } from '../../../src/ops/conv/conv2d.ts';
import { cumsum } from '../../../src/ops/math/cumsum.ts';
import { tanh } from '../../../src/ops/math/tanh.ts';
import { matmul } from '../../../src/ops/matmul/matmul.ts';
import { groupNorm } from '../../../src/ops/nn/group_norm.ts';
import { instanceNorm } from '../../../src/ops/nn/instance_norm.ts';
import { mseLoss } from '../../../src/ops/nn/mse_loss.ts';
import { smoothL1Loss } from '../../../src/ops/nn/smooth_l1_loss.ts';
import { pad } from '../../../src/ops/shape/pad.ts';
import { scatterAdd } from '../../../src/ops/shape/scatter_add.ts';
import { constant, inBackward, indices, normal, smallModel } from './model.ts';

/** Pictures made small and large again, as an autoencoder is trained. */
export const restored = smallModel({
  description:
    'Pictures that go on at the other side, a convolution of stride 2, instances normalized, and back by its transpose: the mean square of what is lost.',
  control: inBackward('the slope of tanh at its own result', 'tanh', ({ outputs }) => ({
    inputs: { x: outputs['y'] },
  })),
  trained: (random) => ({
    down: normal(random, [3, 1, 2, 2]),
    weight: normal(random, [3], 0.5),
    bias: normal(random, [3], 0.5),
    up: normal(random, [3, 1, 2, 2]),
  }),
  given: (random) => ({ pictures: normal(random, [2, 1, 4, 6]) }),
  loss: (apply, { pictures, down, weight, bias, up }) => {
    const wide = apply(pad, { x: pictures }, { pad: [1, 1, 1, 1], mode: 'circular' }).y;
    const small = apply(conv2d, { x: wide, weight: down }, { stride: [2, 2] }).y;
    const even = apply(instanceNorm, { x: small, weight, bias }, {}).y;
    const x = apply(tanh, { x: even }, {}).y;
    const input = apply(convTranspose2d, { x, weight: up }, { stride: [2, 2] }).y;
    return apply(mseLoss, { input, target: wide }, {}).loss;
  },
});

/** A series that is filtered without looking ahead, and added up over time. */
export const temporal = smallModel({
  description:
    'A causal convolution of a series with gaps, groups of channels normalized, cumulated: smooth L1 to a target.',
  control: inBackward('channels added up for time', 'cumsum', () => ({ params: { dim: 1 } })),
  trained: (random) => ({
    filter: normal(random, [6, 2, 3], 0.5),
    offset: normal(random, [6], 0.5),
    weight: normal(random, [6]),
    bias: normal(random, [6]),
  }),
  given: (random) => ({ series: normal(random, [2, 4, 6]), target: normal(random, [2, 6, 6]) }),
  loss: (apply, { series, filter, offset, weight, bias, target }) => {
    const x = apply(pad, { x: series }, { pad: [4, 0], mode: 'constant' }).y;
    const filtered = apply(
      conv1d,
      { x, weight: filter, bias: offset },
      { dilation: 2, groups: 2 },
    ).y;
    const even = apply(groupNorm, { x: filtered, weight, bias }, { num_groups: 3 }).y;
    const input = apply(cumsum, { x: even }, { dim: -1 }).y;
    return apply(smoothL1Loss, { input, target }, { beta: 0.5 }).loss;
  },
});

/** Questions that are learnt once, and asked of every set of things, as a perceiver does. */
export const perceived = smallModel({
  description:
    'The same questions of every batch attend to its things; answers that belong together are added: the mean square of what is off.',
  control: inBackward('another scale', 'scaled_dot_product_attention', ({ params }) => ({
    params: { ...params, scale: 1 },
  })),
  trained: (random) => ({
    questions: normal(random, [1, 3, 2, 4]),
    keys: normal(random, [5, 4], 0.5),
    values: normal(random, [5, 3], 0.5),
  }),
  given: (random) => ({
    things: normal(random, [2, 1, 7, 5]),
    together: indices(random, [2, 3, 2, 3], 2),
    nothing: constant([2, 3, 2, 3], 0),
    target: normal(random, [2, 3, 2, 3]),
  }),
  loss: (apply, { questions, keys, values, things, together, nothing, target }) => {
    const k = apply(matmul, { a: things, b: keys }, {}).y;
    const v = apply(matmul, { a: things, b: values }, {}).y;
    const src = apply(scaledDotProductAttention, { q: questions, k, v }, {}).y;
    const sums = { x: nothing, indices: together, src };
    const input = apply(scatterAdd, sums, { dim: 2 }).y;
    return apply(mseLoss, { input, target }, {}).loss;
  },
});
