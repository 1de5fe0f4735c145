import { callOf, mapped, type Named } from '../../../graph/call.ts';
import type { Graph, ValueType } from '../../../graph/graph.ts';
import { GraphAuthor, typed } from '../../../reference/networks/author.ts';
import type { Values } from '../../../reference/record.ts';
import { type Shape, sizeOf } from '../../../tensor/shape.ts';
import { conv2d } from '../../../vocabulary/conv/conv2d.ts';
import { add } from '../../../vocabulary/math/add.ts';
import { reduceMean } from '../../../vocabulary/math/reduce_mean.ts';
import { relu } from '../../../vocabulary/math/relu.ts';
import { batchNorm } from '../../../vocabulary/nn/batch_norm.ts';
import { crossEntropy } from '../../../vocabulary/nn/cross_entropy.ts';
import type { StepOf } from '../../work.ts';
import { NORM_EPS } from '../recipes.ts';
import { BLOCKS, SIDE } from '../shapes.ts';

type Sizes = Extract<StepOf, { readonly model: 'resnet18' }>;

/** By the statistics of the batch: the running ones, which it moves, go into no loss. */
const BATCH_NORM = { eps: NORM_EPS, momentum: 0.1, running_var_unbiased: true, training: true };

/** The graph of resnet18 from `x` and `labels` to `loss`. */
export function resnet18Graph({ batch }: Sizes, weights: Named<ValueType>): Graph {
  const x = typed([batch, 3, SIDE, SIDE]);
  const labels = typed([batch], 'i32');
  const running = mapped(runningStatistics(weights), ({ shape }) => typed(shape));
  const author = new GraphAuthor({ x, labels }, { ...weights, ...running });
  const normed = (input: ValueType, conv: string, bn: string, by: number): ValueType => {
    const weight = author.weight(`${conv}.weight`);
    const [channels, , kernel] = weight.shape as readonly [number, number, number, number];
    const border = (kernel - 1) / 2;
    const side = (input.shape[3] as number) / by;
    const shape = [batch, channels, side, side];
    const params = {
      stride: [by, by],
      padding: [border, border, border, border],
      dilation: [1, 1],
      groups: 1,
    } as const;
    const convolved = author.apply(conv, callOf(conv2d, { x: input, weight }, params), shape);
    const given = {
      x: convolved,
      weight: author.weight(`${bn}.weight`),
      bias: author.weight(`${bn}.bias`),
      running_mean: author.weight(`${bn}.running_mean`),
      running_var: author.weight(`${bn}.running_var`),
    };
    return author.apply(bn, callOf(batchNorm, given, BATCH_NORM), shape);
  };
  const active = (layer: string, input: ValueType) =>
    author.apply(layer, callOf(relu, { x: input }, {}), input.shape);
  let y = active('relu', normed(x, 'conv1', 'bn1', 1));
  for (const { name, stride } of BLOCKS) {
    const first = active(`${name}.relu1`, normed(y, `${name}.conv1`, `${name}.bn1`, stride));
    const b = stride === 1 ? y : normed(y, `${name}.downsample.0`, `${name}.downsample.1`, stride);
    const a = normed(first, `${name}.conv2`, `${name}.bn2`, 1);
    y = active(`${name}.relu2`, author.apply(`${name}.sum`, callOf(add, { a, b }, {}), a.shape));
  }
  const axes = { axes: [2, 3], keepdims: false };
  const mean = author.apply('avgpool', callOf(reduceMean, { x: y }, axes), y.shape.slice(0, 2));
  const logits = author.linear('fc', mean);
  const call = callOf(crossEntropy, { logits, labels }, {});
  return author.build({ loss: author.apply('loss', call, [1], 'loss') });
}

/** Running statistics before the first step, by the biases of their normalizations. */
export function runningStatistics(weights: Named<{ readonly shape: Shape }>): Values {
  const norms = Object.entries(weights).flatMap(([name, { shape }]) => {
    const [, norm] = /^(.*(?:bn\d|downsample\.1))\.bias$/.exec(name) ?? [];
    return norm ? [{ norm, shape }] : [];
  });
  const filled = (shape: Shape, x: number) => ({
    shape,
    data: new Float64Array(sizeOf(shape)).fill(x),
  });
  return Object.fromEntries(
    norms.flatMap(({ norm, shape }) => [
      [`${norm}.running_mean`, filled(shape, 0)],
      [`${norm}.running_var`, filled(shape, 1)],
    ]),
  );
}
