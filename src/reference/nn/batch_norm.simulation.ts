import { formatShape, type Shape } from '../../tensor/shape.ts';
import { batchNorm as signature } from '../../vocabulary/nn/batch_norm.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import type { Value } from '../record.ts';
import { drawTensor, type Elements } from '../simulation/draw.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { workgroupDot, workgroupSum } from '../simulation/sums.ts';
import { elementsOf } from './batch_norm.channels.ts';

/** A channel: where its elements lie, its statistics, and its normalized elements. */
interface Channel {
  readonly at: readonly number[];
  readonly mean: number;
  readonly variance: number;
  readonly rstd: number;
  readonly z: readonly number[];
}

function channelsOf(
  gpu: SimulatedGpu,
  { x, running_mean, running_var }: InputsOf<typeof signature, Value>,
  { eps, training }: ParamsOf<typeof signature>,
): readonly Channel[] {
  return Array.from(running_mean.data, (running, c) => {
    const at = elementsOf(x.shape, c);
    const values = at.map((i) => x.data[i] as number);
    const mean = training ? gpu.div(workgroupSum(gpu, values), values.length) : running;
    const away = values.map((value) => gpu.sub(value, mean));
    const variance = training
      ? gpu.div(workgroupDot(gpu, away, away), values.length)
      : (running_var.data[c] as number);
    const rstd = gpu.inverseSqrt(gpu.add(variance, Math.fround(eps)));
    return { at, mean, variance, rstd, z: away.map((value) => gpu.mul(value, rstd)) };
  });
}

function sample(x: Shape, elements: Elements): SampleOf<typeof signature> {
  const channels = x.slice(1, 2);
  return {
    level: 'legal',
    label: { x: formatShape(x), elements },
    params: { eps: 1e-6, training: true },
    inputs: (random) => ({
      x: drawTensor(random, x, elements),
      weight: drawTensor(random, channels, elements),
      bias: drawTensor(random, channels, elements),
      running_mean: drawTensor(random, channels, elements),
      running_var: drawTensor(random, channels, 'positive'),
    }),
    grads: (random) => ({ y: drawTensor(random, x, elements) }),
  };
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => {
    const { momentum, running_var_unbiased, training } = params;
    const { x, weight, bias, running_mean, running_var } = inputs;
    const channels = channelsOf(gpu, inputs, params);
    const data = new Float64Array(x.data.length);
    channels.forEach(({ at, z }, c) => {
      at.forEach((to, i) => {
        data[to] = gpu.mulAdd(weight.data[c] as number, z[i] as number, bias.data[c] as number);
      });
    });
    const running = ({ shape, data: old }: Value, of: (channel: Channel) => number): Value => {
      const keep = Math.fround(1 - momentum);
      const share = Math.fround(momentum);
      if (!training) return { shape, data: old };
      return {
        shape,
        data: old.map((value, c) =>
          gpu.mulAdd(keep, value, gpu.mul(share, of(channels[c] as Channel))),
        ),
      };
    };
    return {
      y: { shape: x.shape, data },
      running_mean: running(running_mean, ({ mean }) => mean),
      running_var: running(running_var, ({ at: { length }, variance }) =>
        gpu.mul(running_var_unbiased ? Math.fround(length / (length - 1)) : 1, variance),
      ),
    };
  },
  backward: (gpu, inputs, params, grads) => {
    const { x, weight } = inputs;
    const dy = grads.y.data;
    const dx = new Float64Array(x.data.length);
    const sums = channelsOf(gpu, inputs, params).map(({ at, rstd, z }, c) => {
      const own = at.map((i) => dy[i] as number);
      const ofWeight = workgroupDot(gpu, own, z);
      const ofBias = workgroupSum(gpu, own);
      const share = params.training ? Math.fround(1 / at.length) : 0;
      const mean = gpu.mul(share, ofBias);
      const along = gpu.mul(share, ofWeight);
      const gain = gpu.mul(weight.data[c] as number, rstd);
      at.forEach((to, i) => {
        const rest = gpu.mulAdd(-(z[i] as number), along, gpu.sub(own[i] as number, mean));
        dx[to] = gpu.mul(gain, rest);
      });
      return [ofWeight, ofBias] as const;
    });
    return {
      x: { shape: x.shape, data: dx },
      weight: { shape: weight.shape, data: Float64Array.from(sums, ([ofWeight]) => ofWeight) },
      bias: { shape: weight.shape, data: Float64Array.from(sums, ([, ofBias]) => ofBias) },
    };
  },
  samples: [
    sample([7, 3, 9, 9], 'normal'),
    sample([16, 2, 16, 8], 'positive'),
    sample([4, 1, 1024], 'positive'),
  ],
});
