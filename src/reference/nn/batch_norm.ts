import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { batchNorm as signature } from '../../vocabulary/nn/batch_norm.ts';
import type { GradOutputsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, gamma, IN_ANY_ORDER } from '../bounds.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Arithmetic, Value } from '../record.ts';
import {
  channelsOf,
  elementsOf,
  type Inputs,
  type Normalized,
  type Params,
  spreadOut,
} from './batch_norm.channels.ts';
import { foreseenOfBatch } from './batch_norm.steps.ts';
import { type Part, tensorOf, within } from './norm/part.ts';
import type { Row } from './norm/row.ts';

/**
 * old moved towards the batch's: keep * old + momentum * value, where the value is off by `error`.
 */
function moved(old: number, value: number, error: number, momentum: number): Part {
  const kept = Math.fround(1 - momentum) * old;
  const added = Math.fround(momentum) * value;
  const rounding = EPS * (Math.abs(kept) + Math.abs(added) + Math.abs(kept + added));
  return { value: kept + added, error: Math.fround(momentum) * error + rounding + 4 * FLUSH };
}

function results(inputs: Inputs, params: Params, arithmetic: Arithmetic) {
  const { momentum, running_var_unbiased, training } = params;
  const weight = inputs.weight.data;
  const bias = inputs.bias.data;
  const rows = channelsOf(inputs, params, arithmetic);
  const y = rows.map(({ x, mean, rstd, z, zError }, c) => {
    const w = weight[c] as number;
    const b = bias[c] as number;
    const factor = w * rstd;
    return Array.from(z, (value, i) => {
      const result = w * value + b;
      const rounding = EPS * (Math.abs(w * value) + Math.abs(result)) + FLUSH * (2 + Math.abs(w));
      // The factor and both its products are rounded, and so is the summand.
      const terms =
        2 * Math.abs(factor) * (Math.abs(x[i] as number) + Math.abs(mean)) +
        Math.abs(b - mean * factor);
      const cancelled = arithmetic.otherFormulas ? EPS * terms : 0;
      return { value: result, error: Math.abs(w) * (zError[i] as number) + rounding + cancelled };
    });
  });
  const running = ({ data }: Value, of: (row: Row) => Part) =>
    Array.from(data, (old, c) => {
      if (!training) return { value: old, error: 0 };
      const { value, error } = of(rows[c] as Row);
      return moved(old, value, error, momentum);
    });
  return {
    y: spreadOut(inputs.x, y),
    running_mean: running(inputs.running_mean, ({ mean, meanError }) => ({
      value: mean,
      error: meanError,
    })),
    running_var: running(inputs.running_var, ({ variance, varianceError }) => {
      const length = inputs.x.data.length / rows.length;
      const factor = running_var_unbiased ? Math.fround(length / (length - 1)) : 1;
      return { value: factor * variance, error: factor * (varianceError + EPS * variance) + FLUSH };
    }),
  };
}

/**
 * dbias = sum of dy, dweight = sum of dy z, dx = weight rstd (dy - dbias / n - z dweight / n), or
 * weight rstd dy with running statistics.
 */
function slopes(
  inputs: Inputs,
  params: Params,
  { y: { data: dy } }: GradOutputsOf<typeof signature, Value>,
  arithmetic: Arithmetic,
) {
  const { x } = inputs;
  const channels = channelsOf(inputs, params, arithmetic).map((row, c) => {
    const own = elementsOf(x.shape, c).map((i) => dy[i] as number);
    const w = inputs.weight.data[c] as number;
    return slopesOfChannel(row, w, own, params.training, arithmetic);
  });
  return {
    x: spreadOut(
      x,
      channels.map((channel) => channel.x),
    ),
    weight: channels.map((channel) => channel.weight),
    bias: channels.map((channel) => channel.bias),
  };
}

function slopesOfChannel(
  { z, zError, rstd, rstdError }: Normalized,
  w: number,
  dy: readonly number[],
  training: boolean,
  { depth }: Arithmetic,
) {
  const n = dy.length;
  const levels = gamma(depth(n));
  const bias = { value: 0, error: FLUSH * n };
  const weight = { value: 0, error: 0 };
  dy.forEach((d, i) => {
    const zi = z[i] as number;
    const off = zError[i] as number;
    bias.value += d;
    bias.error += levels * Math.abs(d);
    weight.value += d * zi;
    weight.error +=
      Math.abs(d) * off * (1 + levels) + levels * Math.abs(d * zi) + FLUSH * (2 + Math.abs(d));
  });
  // 1 / n is rounded, and multiplied in.
  const share = training ? 1 / n : 0;
  const mean = share * bias.value;
  const meanError = share * (bias.error + 2 * EPS * Math.abs(bias.value)) + FLUSH;
  const along = share * weight.value;
  const alongError = share * (weight.error + 2 * EPS * Math.abs(weight.value)) + FLUSH;
  const gain = w * rstd;
  const x = dy.map((d, i) => {
    const zi = z[i] as number;
    const off = zError[i] as number;
    const rest = d - mean - zi * along;
    const inner =
      meanError +
      (Math.abs(zi) + off) * alongError +
      off * Math.abs(along) +
      EPS * (Math.abs(d - mean) + Math.abs(zi * along) + Math.abs(rest)) +
      // What grows with dy is nothing beside the rounding of its mean.
      3 * FLUSH;
    const error =
      Math.abs(gain) * (1 + rstdError) * inner + Math.abs(gain * rest) * (rstdError + 2 * EPS);
    return {
      value: gain * rest,
      error: error + FLUSH * (1 + Math.abs(gain) + Math.abs(w) + Math.abs(rest)),
    };
  });
  return { x, weight, bias };
}

interface Draw {
  readonly x: Shape;
  readonly params: Partial<Params>;
  /** Elements of x are normal with this mean and this deviation; default 0 and 1. */
  readonly mean?: number;
  readonly scale?: number;
}

function sample({ x, params, mean = 0, scale = 1 }: Draw): SampleOf<typeof signature> {
  const channels = x.slice(1, 2);
  const tensor = (_random: Random, shape: Shape, draw: () => number) =>
    filledTensor('f32', shape, draw);
  return {
    level: 'legal',
    label: {
      x: formatShape(x),
      ...params,
      ...(mean ? { mean } : {}),
      ...(scale !== 1 ? { scale } : {}),
    },
    params,
    inputs: (random) => ({
      x: tensor(random, x, () => mean + random.normal(scale)),
      weight: tensor(random, channels, () => random.normal()),
      bias: tensor(random, channels, () => random.normal()),
      running_mean: tensor(random, channels, () => random.normal()),
      running_var: tensor(random, channels, () => random.uniform(0.5, 2) * scale ** 2),
    }),
    grads: (random) => ({ y: tensor(random, x, () => random.normal()) }),
  };
}

/** torch.nn.functional.batch_norm. */
export const record = defineRecord(signature, {
  summary: 'y = weight * (x - mean) / sqrt(variance + eps) + bias over each channel',
  forward: (inputs, params) => {
    const { y, running_mean, running_var } = results(inputs, params, IN_ANY_ORDER);
    return {
      y: tensorOf(y, inputs.x.shape),
      running_mean: tensorOf(running_mean),
      running_var: tensorOf(running_var),
    };
  },
  acceptance: (inputs, _outputs, params, arithmetic) => {
    const { y, running_mean, running_var } = results(inputs, params, arithmetic);
    return {
      y: within(y),
      running_mean: within(running_mean),
      running_var: within(running_var),
    };
  },
  foreseen: (steps, inputs, params, grads) =>
    params.training ? foreseenOfBatch(steps, inputs, params, grads?.y) : {},
  vjp: (inputs, params, grads) => {
    const { x, weight, bias } = slopes(inputs, params, grads, IN_ANY_ORDER);
    return {
      x: tensorOf(x, inputs.x.shape),
      weight: tensorOf(weight),
      bias: tensorOf(bias),
    };
  },
  vjpAcceptance: (inputs, _gradients, params, grads, arithmetic) => {
    const { x, weight, bias } = slopes(inputs, params, grads, arithmetic);
    return { x: within(x), weight: within(weight), bias: within(bias) };
  },
  samples: [
    sample({ x: [2, 1], params: { eps: 1e-5, training: true } }),
    sample({ x: [3, 5, 4, 7], params: { eps: 1e-5, training: true, momentum: 0.3 } }),
    sample({
      x: [5, 3, 27],
      params: { eps: 1e-5, training: true, running_var_unbiased: false },
      mean: 5,
    }),
    sample({ x: [4, 2, 3, 5], params: { training: true, eps: 0.01, momentum: 0.9 }, scale: 0.01 }),
    sample({ x: [2, 4, 4, 4], params: { eps: 1e-5 } }),
    sample({ x: [9, 6], params: { eps: 0.01 }, scale: 0.1 }),
    // Images as large as a workgroup, one place larger, and two workgroups and more.
    sample({ x: [3, 2, 64], params: { eps: 1e-5, training: true } }),
    sample({ x: [3, 2, 65], params: { eps: 1e-5, training: true } }),
    sample({ x: [2, 2, 150], params: { eps: 1e-5, training: true } }),
  ],
  faults: [
    {
      name: 'one added to every result',
      shader: {
        file: 'nn/batch_norm',
        from: '* rstd) + bias[c];',
        to: '* rstd) + bias[c] + 1.0;',
      },
    },
    {
      name: 'one added to every sum',
      direction: 'backward',
      shader: {
        file: 'nn/batch_norm_backward_sums',
        from: '= weight_sum;',
        to: '= weight_sum + 1.0;',
      },
    },
  ],
  plausibleBugs: [
    paramsBug('eps ten times too large', (p) => ({ ...p, eps: 10 * p.eps })),
    paramsBug('momentum of the other convention', ({ momentum, ...p }) => ({
      ...p,
      momentum: 1 - momentum,
    })),
    paramsBug('the other running variance', (p) => ({
      ...p,
      running_var_unbiased: !p.running_var_unbiased,
    })),
    paramsBug('the other statistics', (p) => ({ ...p, training: !p.training })),
    inputBug('x of every second element wrong by 1e-4', 'x', (x, i) =>
      i % 2 ? x * (1 + 1e-4) : x,
    ),
    inputBug('weight wrong by 1e-4', 'weight', (w) => w * (1 + 1e-4)),
    inputBug('bias subtracted', 'bias', (b) => -b),
    inputBug('running mean of zero', 'running_mean', () => 0),
    inputBug('running variance wrong by 1e-4', 'running_var', (v) => v * (1 + 1e-4)),
    {
      name: 'unbiased variance in the result',
      apply: (inputs, params) => {
        const { x, weight } = inputs;
        const n = sizeOf(x.shape) / (x.shape[1] as number);
        const data = weight.data.map((w) => w * Math.sqrt((n - 1) / n));
        return { inputs: { ...inputs, weight: { ...weight, data } }, params };
      },
    },
  ],
});
