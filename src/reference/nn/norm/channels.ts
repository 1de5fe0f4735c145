import type { HostTensor } from '../../../tensor/host.ts';
import { filledTensor } from '../../../tensor/host.ts';
import type { Random } from '../../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../../tensor/shape.ts';
import { FLUSH, gamma, IN_ANY_ORDER } from '../../bounds.ts';
import { sumTo } from '../../broadcast.ts';
import { boundOfColumnSums } from '../../column-sums.ts';
import type { Acceptance, Arithmetic, Value } from '../../record.ts';
import { drawTensor } from '../../simulation/draw.ts';
import type { SimulatedGpu } from '../../simulation/simulated-gpu.ts';
import { sharedSum } from '../../simulation/sums.ts';
import { type Part, tensorOf, within } from './part.ts';
import { type Row, rowOf } from './row.ts';
import { rowSlopes, weighed } from './weighed.ts';

/** x with the weight and the bias of its channels, where it has them. */
export interface Inputs<T = Value> {
  readonly x: T;
  readonly weight?: T | undefined;
  readonly bias?: T | undefined;
}

/** How channels are normalized. */
export interface Grouping {
  readonly groups: number;
  readonly eps: number;
}

/** The groups of a batch: each is `width` elements in a row, of channels of `inner` elements. */
export function layoutOf(shape: Shape, groups: number) {
  const [, channels, ...image] = shape as readonly [number, number, ...number[]];
  const inner = sizeOf(image);
  const width = (channels / groups) * inner;
  const channelOf = (at: number) => Math.floor(at / inner) % channels;
  return { rows: width === 0 ? 0 : sizeOf(shape) / width, width, channelOf };
}

/** A number of each channel as one of each element of row `i`. */
export function spread(
  { x, weight, bias }: Inputs,
  groups: number,
  row: number,
): { readonly weight: Float64Array; readonly bias: Float64Array | undefined } {
  const { width, channelOf } = layoutOf(x.shape, groups);
  const each = (of: Value | undefined, absent: number) =>
    Float64Array.from({ length: width }, (_, c) => of?.data[channelOf(row * width + c)] ?? absent);
  return { weight: each(weight, 1), bias: bias && each(bias, 0) };
}

export const part = (data: Float64Array, row: number, width: number) =>
  data.subarray(row * width, (row + 1) * width);

export function rowsOf(
  { x }: Inputs,
  { groups, eps }: Grouping,
  arithmetic: Arithmetic,
): readonly Row[] {
  const { rows, width } = layoutOf(x.shape, groups);
  return Array.from({ length: rows }, (_, i) =>
    rowOf(part(x.data, i, width), Math.fround(eps), arithmetic),
  );
}

function results(inputs: Inputs, grouping: Grouping, arithmetic: Arithmetic): Part[] {
  return rowsOf(inputs, grouping, arithmetic).flatMap((row, i) => {
    const { weight, bias } = spread(inputs, grouping.groups, i);
    return weighed(row, weight, bias);
  });
}

/** y, and when a GPU's is right. */
export const normalized = (inputs: Inputs, grouping: Grouping): Value =>
  tensorOf(results(inputs, grouping, IN_ANY_ORDER), inputs.x.shape);
export const normalizedWithin = (
  inputs: Inputs,
  grouping: Grouping,
  arithmetic: Arithmetic,
): Acceptance => within(results(inputs, grouping, arithmetic));

function slopes(inputs: Inputs, grouping: Grouping, dy: Value, arithmetic: Arithmetic): Part[] {
  const { width } = layoutOf(inputs.x.shape, grouping.groups);
  return rowsOf(inputs, grouping, arithmetic).flatMap((row, i) =>
    rowSlopes(row, spread(inputs, grouping.groups, i).weight, part(dy.data, i, width), arithmetic),
  );
}

/** Sums over samples and places of dy z, channel by channel. */
function weightSlopes(
  inputs: Inputs,
  grouping: Grouping,
  dy: Value,
  arithmetic: Arithmetic,
): Part[] {
  const { x } = inputs;
  const channels = x.shape[1] as number;
  const { width, channelOf } = layoutOf(x.shape, grouping.groups);
  const levels = gamma(arithmetic.depth(x.data.length / channels));
  const sums = Array.from({ length: channels }, () => ({ value: 0, error: 0 }));
  rowsOf(inputs, grouping, arithmetic).forEach(({ z, zError }, i) => {
    z.forEach((value, c) => {
      const at = i * width + c;
      const sum = sums[channelOf(at)] as { value: number; error: number };
      const d = Math.abs(dy.data[at] as number);
      sum.value += (dy.data[at] as number) * value;
      sum.error +=
        d * (zError[c] as number) * (1 + levels) + levels * Math.abs(d * value) + FLUSH * (2 + d);
    });
  });
  return sums;
}

/** One number for each channel, in the dimensions of x. */
const perChannel = (shape: Shape): Shape => shape.map((n, d) => (d === 1 ? n : 1));

/** The gradients of what there is, and when those of a GPU are right. */
export const normalizedSlopes = (inputs: Inputs, grouping: Grouping, dy: Value) => ({
  x: tensorOf(slopes(inputs, grouping, dy, IN_ANY_ORDER), inputs.x.shape),
  ...(inputs.weight ? { weight: tensorOf(weightSlopes(inputs, grouping, dy, IN_ANY_ORDER)) } : {}),
  ...(inputs.bias
    ? { bias: { ...sumTo(dy, perChannel(dy.shape)), shape: inputs.bias.shape } }
    : {}),
});
export const slopesWithin = (
  inputs: Inputs,
  grouping: Grouping,
  dy: Value,
  arithmetic: Arithmetic,
) => ({
  x: within(slopes(inputs, grouping, dy, arithmetic)),
  ...(inputs.weight ? { weight: within(weightSlopes(inputs, grouping, dy, arithmetic)) } : {}),
  ...(inputs.bias
    ? {
        bias: {
          kind: 'within' as const,
          bound: boundOfColumnSums(dy, perChannel(dy.shape), arithmetic.depth),
        },
      }
    : {}),
});

/** What a sample of a normalization of channels draws. */
export interface Draw {
  readonly x: Shape;
  /** Whether there are a weight and a bias. */
  readonly weight?: boolean;
  readonly bias?: boolean;
  /** Elements of x are normal with this mean and this deviation; default 0 and 1. */
  readonly mean?: number;
  readonly scale?: number;
  /** Whether the gradient of y is positive, so that roundings add up. */
  readonly positive?: boolean;
}

/** The label and the tensors of a sample. */
export function channelSample({
  x,
  weight = true,
  bias = true,
  mean = 0,
  scale = 1,
  positive,
}: Draw) {
  const drawn = (random: Random, shape: Shape, center = 0, deviation = 1): HostTensor =>
    filledTensor('f32', shape, () => center + random.normal(deviation));
  const channels = [x[1] as number];
  return {
    level: 'legal' as const,
    label: {
      x: formatShape(x),
      ...(weight ? {} : { weight }),
      ...(bias ? {} : { bias }),
      ...(mean ? { mean } : {}),
      ...(scale === 1 ? {} : { scale }),
      ...(positive ? { positive } : {}),
    },
    inputs: (random: Random) => ({
      x: drawn(random, x, mean, scale),
      ...(weight ? { weight: drawn(random, channels) } : {}),
      ...(bias ? { bias: drawn(random, channels) } : {}),
    }),
    grads: (random: Random) => ({ y: drawTensor(random, x, positive ? 'positive' : 'normal') }),
  };
}

/** The kernels' arithmetic of a row: 1 / sqrt(variance + eps), and z. */
function computedRow(gpu: SimulatedGpu, x: Float64Array, eps: number) {
  const mean = (terms: readonly number[]) =>
    gpu.mul(Math.fround(1 / terms.length), sharedSum(gpu, terms));
  const center = mean([...x]);
  const away = Array.from(x, (value) => gpu.sub(value, center));
  const variance = mean(away.map((value) => gpu.mul(value, value)));
  const rstd = gpu.inverseSqrt(gpu.add(variance, Math.fround(eps)));
  return { mean, rstd, z: away.map((value) => gpu.mul(value, rstd)) };
}

/** y as the kernels compute it. */
export function computed(gpu: SimulatedGpu, inputs: Inputs, { groups, eps }: Grouping): Value {
  const { x } = inputs;
  const { rows, width } = layoutOf(x.shape, groups);
  const data = Array.from({ length: rows }, (_, i) => {
    const { weight, bias } = spread(inputs, groups, i);
    return computedRow(gpu, part(x.data, i, width), eps).z.map((value, c) => {
      const scaled = inputs.weight ? gpu.mul(value, weight[c] as number) : value;
      return bias ? gpu.add(scaled, bias[c] as number) : scaled;
    });
  });
  return { shape: x.shape, data: Float64Array.from(data.flat()) };
}

/** The gradients as the kernels compute them. */
export function computedSlopes(
  gpu: SimulatedGpu,
  inputs: Inputs,
  { groups, eps }: Grouping,
  dy: Value,
) {
  const { x } = inputs;
  const { rows, width, channelOf } = layoutOf(x.shape, groups);
  const channels = Array.from({ length: x.shape[1] as number }, () => ({
    weight: [] as number[],
    bias: [] as number[],
  }));
  const data = Array.from({ length: rows }, (_, i) => {
    const { mean, rstd, z } = computedRow(gpu, part(x.data, i, width), eps);
    const flow = [...part(dy.data, i, width)];
    const { weight } = spread(inputs, groups, i);
    flow.forEach((d, c) => {
      const channel = channels[channelOf(i * width + c)];
      channel?.weight.push(gpu.mul(d, z[c] as number));
      channel?.bias.push(d);
    });
    const g = inputs.weight ? flow.map((d, c) => gpu.mul(d, weight[c] as number)) : flow;
    const along = mean(g.map((value, c) => gpu.mul(value, z[c] as number)));
    const center = mean(g);
    return g.map((value, c) =>
      gpu.mul(gpu.sub(gpu.sub(value, center), gpu.mul(z[c] as number, along)), rstd),
    );
  });
  const sums = (name: 'weight' | 'bias', { shape }: Value): Value => ({
    shape,
    data: Float64Array.from(channels, (channel) => sharedSum(gpu, channel[name])),
  });
  return {
    x: { shape: x.shape, data: Float64Array.from(data.flat()) },
    ...(inputs.weight ? { weight: sums('weight', inputs.weight) } : {}),
    ...(inputs.bias ? { bias: sums('bias', inputs.bias) } : {}),
  };
}
