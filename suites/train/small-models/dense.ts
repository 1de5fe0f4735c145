import { add } from '../../../src/ops/math/add.ts';
import { div } from '../../../src/ops/math/div.ts';
import { erf } from '../../../src/ops/math/erf.ts';
import { exp } from '../../../src/ops/math/exp.ts';
import { logsumexp } from '../../../src/ops/math/logsumexp.ts';
import { mul } from '../../../src/ops/math/mul.ts';
import { reduceMean } from '../../../src/ops/math/reduce_mean.ts';
import { rsqrt } from '../../../src/ops/math/rsqrt.ts';
import { std } from '../../../src/ops/math/std.ts';
import { sub } from '../../../src/ops/math/sub.ts';
import { tanh } from '../../../src/ops/math/tanh.ts';
import { matmul } from '../../../src/ops/matmul/matmul.ts';
import { takeAlongDim } from '../../../src/ops/shape/take_along_dim.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { constant, inBackward, indices, normal, smallModel } from './model.ts';
import { meanOf, squareOf, sumOfRows } from './parts.ts';

/** A normal distribution for each output, trained by its likelihood. */
export const likelihood = smallModel({
  description: 'Mean m and log-variance s of each target y: the mean of s + (y - m)^2 / exp(s).',
  control: inBackward('the slope of exp at its own result', 'exp', ({ outputs }) => ({
    inputs: { x: outputs['y'] },
  })),
  trained: (random) => ({
    means: normal(random, [5, 3], 0.5),
    spreads: normal(random, [5, 3], 0.3),
  }),
  given: (random) => ({ x: normal(random, [9, 5]), y: normal(random, [9, 3]) }),
  loss: (apply, { x, y, means, spreads }) => {
    const m = apply(matmul, { a: x, b: means }, {}).y;
    const s = apply(matmul, { a: x, b: spreads }, {}).y;
    const off = squareOf(apply, apply(sub, { a: y, b: m }, {}).y);
    const share = apply(div, { a: off, b: apply(exp, { x: s }, {}).y }, {}).y;
    return meanOf(apply, apply(add, { a: s, b: share }, {}).y);
  },
});

/** Two views of the same things, told from all others of the batch, as CLIP is trained. */
export const contrastive = smallModel({
  description:
    'Cosines of all pairs over a temperature: logsumexp of each row less the pair that belongs.',
  control: inBackward('columns taken for rows', 'take_along_dim', () => ({ params: { dim: 0 } })),
  trained: (random) => ({ left: normal(random, [6, 4], 0.5), right: normal(random, [7, 4], 0.5) }),
  given: (random) => ({
    a: normal(random, [8, 6]),
    b: normal(random, [8, 7]),
    own: indices(random, [8, 1], 8),
    warmth: constant([1], 5),
  }),
  loss: (apply, { a, b, left, right, own, warmth }) => {
    const unit = (x: Tensor, weight: Tensor) => {
      const z = apply(matmul, { a: x, b: weight }, {}).y;
      const sum = sumOfRows(apply, squareOf(apply, z));
      return apply(mul, { a: z, b: apply(rsqrt, { x: sum }, {}).y }, {}).y;
    };
    const pairs = { a: unit(a, left), b: unit(b, right) };
    const cosines = apply(matmul, pairs, { transpose_b: true }).y;
    const x = apply(mul, { a: cosines, b: warmth }, {}).y;
    const all = apply(logsumexp, { x }, { axes: [1] }).y;
    const chosen = apply(takeAlongDim, { x, indices: own }, { dim: 1 }).y;
    return meanOf(apply, apply(sub, { a: all, b: chosen }, {}).y);
  },
});

/** The recurrent network of Elman: one weight at every step. */
export const recurrent = smallModel({
  description: 'h = tanh(x W + h U), four times; the mean square of the last h.',
  control: inBackward('the slope of tanh at its own result', 'tanh', ({ outputs }) => ({
    inputs: { x: outputs['y'] },
  })),
  trained: (random) => ({ w: normal(random, [3, 5], 0.6), u: normal(random, [5, 5], 0.4) }),
  given: (random) => ({
    x0: normal(random, [4, 3]),
    x1: normal(random, [4, 3]),
    x2: normal(random, [4, 3]),
    x3: normal(random, [4, 3]),
    start: constant([4, 5], 0.1),
  }),
  loss: (apply, { w, u, x0, x1, x2, x3, start }) => {
    let h = start;
    for (const x of [x0, x1, x2, x3]) {
      const bias = apply(matmul, { a: h, b: u }, {}).y;
      h = apply(tanh, { x: apply(matmul, { a: x, b: w, bias }, {}).y }, {}).y;
    }
    return meanOf(apply, squareOf(apply, h));
  },
});

/** Columns brought to mean 0 and deviation 1, and GELU written out. */
export const standardized = smallModel({
  description: 'z = (x W - mean) / std of each column; the mean of (z (1 + erf(z / sqrt(2))))^2.',
  control: inBackward('deviations along rows', 'std', ({ params }) => ({
    params: { ...params, axes: [1] },
  })),
  trained: (random) => ({ w: normal(random, [5, 5]) }),
  given: (random) => ({
    x: normal(random, [5, 5]),
    root: constant([1], Math.SQRT1_2),
    one: constant([1], 1),
  }),
  loss: (apply, { x, w, root, one }) => {
    const y = apply(matmul, { a: x, b: w }, {}).y;
    const center = apply(reduceMean, { x: y }, { axes: [0] }).y;
    const off = apply(sub, { a: y, b: center }, {}).y;
    const b = apply(std, { x: y }, { axes: [0], keepdims: true }).y;
    const z = apply(div, { a: off, b }, {}).y;
    const inner = apply(mul, { a: z, b: root }, {}).y;
    const gate = apply(add, { a: apply(erf, { x: inner }, {}).y, b: one }, {}).y;
    return meanOf(apply, squareOf(apply, apply(mul, { a: z, b: gate }, {}).y));
  },
});
