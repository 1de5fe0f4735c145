import { callOf, type Named } from '../../graph/call.ts';
import type { Graph, ValueType } from '../../graph/graph.ts';
import type { Shape } from '../../tensor/shape.ts';
import { conv2d } from '../../vocabulary/conv/conv2d.ts';
import { maxPool2d } from '../../vocabulary/conv/max_pool2d.ts';
import { reduceMean } from '../../vocabulary/math/reduce_mean.ts';
import { relu } from '../../vocabulary/math/relu.ts';
import { batchNorm } from '../../vocabulary/nn/batch_norm.ts';
import { crossEntropy } from '../../vocabulary/nn/cross_entropy.ts';
import type { Value, Values } from '../record.ts';
import { GraphAuthor, typed } from './author.ts';

/** torch.nn.BatchNorm2d in training, with torch's defaults. */
const BATCH_NORM = { eps: 1e-5, momentum: 0.1, running_var_unbiased: true, training: true };

const NORMS = ['bn1', 'bn2'] as const;

/**
 * Twice a convolution `conv1`, `conv2` of 3 x 3 that keeps the size, torch.nn.BatchNorm2d and ReLU,
 * with the maximum of windows of 2 x 2 between, then the mean of each channel and a linear `fc`:
 * from `x` [n, c, h, w] and `labels` to `loss` and the running statistics that follow those which
 * went in.
 */
export function convNetGraph(weights: Named<ValueType>, batch: Shape): Graph {
  const [count, , height, width] = batch as readonly [number, number, number, number];
  const x = typed(batch);
  const labels = typed([count], 'i32');
  const running = statisticsOf(weights, ({ shape }) => typed(shape));
  const author = new GraphAuthor({ x, labels }, { ...weights, ...running });
  const moved: Record<string, ValueType> = {};
  const block = (number: number, input: ValueType): ValueType => {
    const conv = `conv${number}`;
    const bn = `bn${number}`;
    const kernel = author.weight(`${conv}.weight`);
    const channels = kernel.shape.slice(0, 1);
    const shape = [count, ...channels, ...input.shape.slice(2)];
    const whole = { stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 } as const;
    const convolved = author.apply(
      conv,
      callOf(conv2d, { x: input, weight: kernel }, whole),
      shape,
    );
    const given = {
      x: convolved,
      weight: author.weight(`${bn}.weight`),
      bias: author.weight(`${bn}.bias`),
      running_mean: author.weight(`${bn}.running_mean`),
      running_var: author.weight(`${bn}.running_var`),
    };
    const { y, running_mean, running_var } = author.applyAll(
      bn,
      callOf(batchNorm, given, BATCH_NORM),
      {
        y: shape,
        running_mean: channels,
        running_var: channels,
      },
    );
    Object.assign(moved, {
      [`${bn}.running_mean`]: running_mean,
      [`${bn}.running_var`]: running_var,
    });
    return author.apply(`relu${number}`, callOf(relu, { x: y }, {}), shape);
  };
  const first = block(1, x);
  const windows = {
    kernel: [2, 2],
    stride: [2, 2],
    padding: [0, 0, 0, 0],
    dilation: [1, 1],
  } as const;
  const pooled = author.apply('maxpool', callOf(maxPool2d, { x: first }, windows), [
    ...first.shape.slice(0, 2),
    height / 2,
    width / 2,
  ]);
  const second = block(2, pooled);
  const axes = { axes: [2, 3], keepdims: false };
  const mean = author.apply(
    'avgpool',
    callOf(reduceMean, { x: second }, axes),
    second.shape.slice(0, 2),
  );
  const logits = author.linear('fc', mean);
  const call = callOf(crossEntropy, { logits, labels }, {});
  return author.build({ logits, loss: author.apply('loss', call, [1], 'loss'), ...moved });
}

/** The running statistics before the first step: means of 0 and variances of 1. */
export function freshStatistics(weights: Values): Values {
  return statisticsOf(weights, ({ shape, data }, part): Value => {
    const value = part === 'running_var' ? 1 : 0;
    return { shape, data: new Float64Array(data.length).fill(value) };
  });
}

/** Of each normalization, by name, from its weight. */
function statisticsOf<T>(weights: Named<T>, of: (weight: T, part: string) => T): Named<T> {
  return Object.fromEntries(
    NORMS.flatMap((name) =>
      ['running_mean', 'running_var'].map((part) => [
        `${name}.${part}`,
        of(weights[`${name}.weight`] as T, part),
      ]),
    ),
  );
}
