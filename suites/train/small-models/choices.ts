import { abs } from '../../../src/ops/math/abs.ts';
import { erf } from '../../../src/ops/math/erf.ts';
import { exp } from '../../../src/ops/math/exp.ts';
import { log } from '../../../src/ops/math/log.ts';
import { maskedFill } from '../../../src/ops/math/masked_fill.ts';
import { maximum } from '../../../src/ops/math/maximum.ts';
import { minimum } from '../../../src/ops/math/minimum.ts';
import { mul } from '../../../src/ops/math/mul.ts';
import { pow } from '../../../src/ops/math/pow.ts';
import { rsqrt } from '../../../src/ops/math/rsqrt.ts';
import { sigmoid } from '../../../src/ops/math/sigmoid.ts';
import { sqrt } from '../../../src/ops/math/sqrt.ts';
import { sub } from '../../../src/ops/math/sub.ts';
import { tanh } from '../../../src/ops/math/tanh.ts';
import { topk } from '../../../src/ops/math/topk.ts';
import { where } from '../../../src/ops/math/where.ts';
import { matmul } from '../../../src/ops/matmul/matmul.ts';
import { bceWithLogits } from '../../../src/ops/nn/bce_with_logits.ts';
import { huberLoss } from '../../../src/ops/nn/huber_loss.ts';
import { klDiv } from '../../../src/ops/nn/kl_div.ts';
import { logSoftmax } from '../../../src/ops/nn/log_softmax.ts';
import { mseLoss } from '../../../src/ops/nn/mse_loss.ts';
import { softmax } from '../../../src/ops/nn/softmax.ts';
import { gather } from '../../../src/ops/shape/gather.ts';
import { indexAdd } from '../../../src/ops/shape/index_add.ts';
import { scatterAdd } from '../../../src/ops/shape/scatter_add.ts';
import { transpose } from '../../../src/ops/shape/transpose.ts';
import { filledTensor, hostTensorFrom, valuesOf } from '../../../src/tensor/host.ts';
import type { Random } from '../../../src/tensor/random.ts';

import type { Tensor } from '../../../src/tensor/tensor.ts';
import { constant, inBackward, indices, normal, smallModel } from './model.ts';
import { meanOf, squareOf, sumOfRows } from './parts.ts';

/** Yes or no for each of `count` elements of a row. */
const flags = (random: Random, rows: number, count: number) =>
  hostTensorFrom(
    'u8',
    [rows, count],
    random.fill(rows * count, () => random.integer(0, 1)),
  );

const positive = (random: Random, shape: readonly number[]) =>
  filledTensor('f32', shape, () => random.uniform(0.5, 2));

/** Answers weighed by how wrong they are, as RetinaNet is trained. */
export const focal = smallModel({
  description: 'p of the right answer, and its mean of (1 - p)^gamma log(max(p, floor)).',
  control: inBackward('the slope of log at its own result', 'log', ({ outputs }) => ({
    inputs: { x: outputs['y'] },
  })),
  trained: (random) => ({ w: normal(random, [5, 4], 0.7) }),
  given: (random) => ({
    x: normal(random, [6, 5]),
    yes: flags(random, 6, 4),
    one: constant([1], 1),
    gamma: constant([1], 2.5),
    floor: constant([1], 0.125),
  }),
  loss: (apply, { w, x, yes, one, gamma, floor }) => {
    const p = apply(sigmoid, { x: apply(matmul, { a: x, b: w }, {}).y }, {}).y;
    const not = apply(sub, { a: one, b: p }, {}).y;
    const right = apply(where, { condition: yes, a: p, b: not }, {}).y;
    const wrong = apply(sub, { a: one, b: right }, {}).y;
    const weight = apply(pow, { a: wrong, b: gamma }, {}).y;
    const least = apply(maximum, { a: right, b: floor }, {}).y;
    const b = apply(log, { x: least }, {}).y;
    return meanOf(apply, apply(mul, { a: weight, b }, {}).y);
  },
});

/** What a larger model answers, learnt, where some classes are forbidden. */
export const distilled = smallModel({
  description: 'Logits with forbidden classes at -30; how far their softmax is from given shares.',
  control: inBackward('a sum in place of the mean', 'kl_div', ({ params }) => ({
    params: { ...params, reduction: 'sum' },
  })),
  trained: (random) => ({ w: normal(random, [5, 7]) }),
  given: (random) => ({
    x: normal(random, [6, 5]),
    forbidden: flags(random, 1, 7),
    shares: hostTensorFrom(
      'f32',
      [6, 7],
      random.fill(42, () => random.uniform(0.125, 0.5)),
    ),
  }),
  loss: (apply, { w, x, forbidden, shares }) => {
    const logits = apply(matmul, { a: x, b: w }, {}).y;
    const allowed = apply(maskedFill, { x: logits, mask: forbidden }, { value: -30 }).y;
    const input = apply(logSoftmax, { x: allowed }, {}).y;
    return apply(klDiv, { input, target: shares }, { reduction: 'batchmean' }).loss;
  },
});

/** Several tags of each thing at once, rare ones weighed up, as a multi-label classifier is trained. */
export const tags = smallModel({
  description:
    'Logits of every tag: their cross entropy with yes or no, where tags and things have weights.',
  control: inBackward('no weight of what is rare', 'bce_with_logits', ({ inputs }) => ({
    inputs: { ...inputs, pos_weight: undefined },
  })),
  trained: (random) => ({ w: normal(random, [5, 4]), bias: normal(random, [4], 0.5) }),
  given: (random) => ({
    x: normal(random, [7, 5]),
    target: hostTensorFrom(
      'f32',
      [7, 4],
      random.fill(28, () => random.integer(0, 1)),
    ),
    weight: positive(random, [7, 1]),
    rare: positive(random, [4]),
  }),
  loss: (apply, { x, w, bias, target, weight, rare: pos_weight }) => {
    const input = apply(matmul, { a: x, b: w, bias }, {}).y;
    return apply(bceWithLogits, { input, target, weight, pos_weight }, {}).loss;
  },
});

/** Of four experts the two that a gate chooses, as a mixture of experts is trained. */
export const routed = smallModel({
  description:
    'The two largest scores of each thing, their softmax, and the experts’ answers in these shares: the mean square of what is off.',
  control: inBackward('gradients of other scores', 'topk', ({ params }) => ({
    params: { ...params, axis: 0 },
  })),
  trained: (random) => ({ gate: normal(random, [5, 4]), experts: normal(random, [4, 5, 3]) }),
  given: (random) => {
    const things = normal(random, [6, 5]);
    return {
      things,
      rows: hostTensorFrom('f32', [6, 1, 5], valuesOf(things)),
      nothing: constant([6, 1, 4], 0),
      target: normal(random, [6, 1, 3]),
    };
  },
  loss: (apply, { gate, experts, things, rows, nothing, target }) => {
    const scores = apply(matmul, { a: rows, b: gate }, {}).y;
    const { values, indices: places } = apply(topk, { x: scores }, { k: 2 });
    const src = apply(softmax, { x: values }, {}).y;
    const shares = apply(scatterAdd, { x: nothing, indices: places, src }, { dim: 2 }).y;
    const answers = apply(matmul, { a: things, b: experts }, {}).y;
    const b = apply(transpose, { x: answers }, { perm: [1, 0, 2] }).y;
    const input = apply(matmul, { a: shares, b }, {}).y;
    return apply(mseLoss, { input, target }, {}).loss;
  },
});

/** Messages along the edges of a graph, added up where they arrive. */
export const messages = smallModel({
  description: 'Each node adds up what its neighbours send; Huber loss of tanh of the sums.',
  control: inBackward('messages twice as heavy', 'index_add', ({ params }) => ({
    params: { ...params, alpha: 2 },
  })),
  trained: (random) => ({ w: normal(random, [4, 5], 0.6) }),
  given: (random) => ({
    nodes: normal(random, [7, 4]),
    from: indices(random, [12], 7),
    to: indices(random, [12], 7),
    none: constant([7, 5], 0),
    target: normal(random, [7, 5]),
  }),
  loss: (apply, { w, nodes, from, to, none, target }) => {
    const x = apply(matmul, { a: nodes, b: w }, {}).y;
    const source = apply(gather, { x, indices: from }, { axis: 0 }).y;
    const sums = apply(indexAdd, { x: none, index: to, source }, { dim: 0 }).y;
    const input = apply(tanh, { x: sums }, {}).y;
    return apply(huberLoss, { input, target }, { delta: 0.8 }).loss;
  },
});

/** Things that belong together are to be nearer than others by a margin. */
export const triplet = smallModel({
  description: 'The mean of max(near - far + margin, 0), of distances between embeddings.',
  control: inBackward('the slope of sqrt at its own result', 'sqrt', ({ outputs }) => ({
    inputs: { x: outputs['y'] },
  })),
  trained: (random) => ({ w: normal(random, [6, 3], 0.6) }),
  given: (random) => ({
    anchor: normal(random, [8, 6]),
    same: normal(random, [8, 6]),
    other: normal(random, [8, 6]),
    margin: constant([1], -1),
    zero: constant([1], 0),
  }),
  loss: (apply, { w, anchor, same, other, margin, zero }) => {
    const distance = (x: Tensor) => {
      const off = apply(sub, { a: anchor, b: x }, {}).y;
      const place = apply(matmul, { a: off, b: w }, {}).y;
      return apply(sqrt, { x: sumOfRows(apply, squareOf(apply, place)) }, {}).y;
    };
    const a = apply(sub, { a: distance(same), b: distance(other) }, {}).y;
    const short = apply(sub, { a, b: margin }, {}).y;
    return meanOf(apply, apply(maximum, { a: short, b: zero }, {}).y);
  },
});

/** Functions of each element, choices and a mask in a row, which a captured step fuses. */
export const chosen = smallModel({
  description:
    'h = tanh(x W); powers of exp(h) by a trained exponent, the larger or the smaller by rows.',
  control: inBackward('the slope of erf at its own result', 'erf', ({ outputs }) => ({
    inputs: { x: outputs['y'] },
  })),
  trained: (random) => ({ w: normal(random, [6, 4], 0.5), p: positive(random, [4]) }),
  given: (random) => ({
    x: normal(random, [5, 6]),
    condition: flags(random, 5, 1),
    mask: flags(random, 5, 4),
  }),
  loss: (apply, { w, p, x, condition, mask }) => {
    const z = apply(matmul, { a: x, b: w }, {}).y;
    const h = apply(tanh, { x: z }, {}).y;
    const root = apply(sqrt, { x: apply(exp, { x: h }, {}).y }, {}).y;
    const power = apply(pow, { a: root, b: p }, {}).y;
    const e = apply(erf, { x: apply(log, { x: power }, {}).y }, {}).y;
    const a = apply(maximum, { a: e, b: h }, {}).y;
    const b = apply(minimum, { a: e, b: z }, {}).y;
    const size = apply(abs, { x: apply(where, { condition, a, b }, {}).y }, {}).y;
    const y = apply(rsqrt, { x: apply(exp, { x: size }, {}).y }, {}).y;
    return meanOf(apply, apply(maskedFill, { x: y, mask }, { value: 0.5 }).y);
  },
});
