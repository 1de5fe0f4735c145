import { formatShape, type Shape } from '../../../tensor/shape.ts';
import { type BatchNormParams, elementsOf } from '../../nn/batch_norm.ts';
import type { Sample, Value, Values } from '../../record.ts';
import { drawTensor, type Elements } from '../draw.ts';
import type { SimulatedGpu } from '../simulated-gpu.ts';
import type { Simulation } from '../simulation.ts';
import { workgroupDot, workgroupSum } from '../sums.ts';

/** A channel: where its elements lie, its statistics, and its normalized elements. */
interface Channel {
  readonly at: readonly number[];
  readonly mean: number;
  readonly variance: number;
  readonly rstd: number;
  readonly z: readonly number[];
}

const dataOf = (values: Values, name: string): Float64Array => (values[name] as Value).data;

function channelsOf(gpu: SimulatedGpu, inputs: Values, { eps, training = false }: BatchNormParams): readonly Channel[] {
  const x = inputs['x'] as Value;
  const [means, variances] = [dataOf(inputs, 'running_mean'), dataOf(inputs, 'running_var')];
  return Array.from(means, (running, c) => {
    const at = elementsOf(x.shape, c);
    const values = at.map((i) => x.data[i] as number);
    const mean = training ? gpu.div(workgroupSum(gpu, values), values.length) : running;
    const away = values.map((value) => gpu.sub(value, mean));
    const variance = training ? gpu.div(workgroupDot(gpu, away, away), values.length) : (variances[c] as number);
    const rstd = gpu.inverseSqrt(gpu.add(variance, Math.fround(eps)));
    return { at, mean, variance, rstd, z: away.map((value) => gpu.mul(value, rstd)) };
  });
}

function sample(x: Shape, elements: Elements): Sample<BatchNormParams> {
  const channels = x.slice(1, 2);
  const names = ['weight', 'bias', 'running_mean'];
  return {
    layer: 'legal',
    label: { x: formatShape(x), elements },
    params: { eps: 1e-6, training: true },
    inputs: (random) => ({
      x: drawTensor(random, x, elements),
      ...Object.fromEntries(names.map((name) => [name, drawTensor(random, channels, elements)])),
      running_var: drawTensor(random, channels, 'positive'),
    }),
    grads: (random) => ({ y: drawTensor(random, x, elements) }),
  };
}

export const simulation: Simulation<BatchNormParams> = {
  op: 'batch_norm',
  forward: (gpu, inputs, params) => {
    const { momentum = 0.1, running_var_unbiased = true, training = false } = params;
    const [x, weight, bias] = [inputs['x'] as Value, dataOf(inputs, 'weight'), dataOf(inputs, 'bias')];
    const channels = channelsOf(gpu, inputs, params);
    const data = new Float64Array(x.data.length);
    channels.forEach(({ at, z }, c) => {
      at.forEach((to, i) => {
        data[to] = gpu.mulAdd(weight[c] as number, z[i] as number, bias[c] as number);
      });
    });
    const running = (name: string, of: (channel: Channel) => number): Value => {
      const { shape, data: old } = inputs[name] as Value;
      const [keep, share] = [Math.fround(1 - momentum), Math.fround(momentum)];
      if (!training) return { shape, data: old };
      return { shape, data: old.map((value, c) => gpu.mulAdd(keep, value, gpu.mul(share, of(channels[c] as Channel)))) };
    };
    return {
      y: { shape: x.shape, data },
      running_mean: running('running_mean', ({ mean }) => mean),
      running_var: running('running_var', ({ at: { length }, variance }) =>
        gpu.mul(running_var_unbiased ? Math.fround(length / (length - 1)) : 1, variance),
      ),
    };
  },
  backward: (gpu, inputs, params, grads) => {
    const [x, weight, dy] = [inputs['x'] as Value, inputs['weight'] as Value, dataOf(grads, 'y')];
    const dx = new Float64Array(x.data.length);
    const sums = channelsOf(gpu, inputs, params).map(({ at, rstd, z }, c) => {
      const own = at.map((i) => dy[i] as number);
      const [ofWeight, ofBias] = [workgroupDot(gpu, own, z), workgroupSum(gpu, own)];
      const share = params.training ? Math.fround(1 / at.length) : 0;
      const [mean, along] = [gpu.mul(share, ofBias), gpu.mul(share, ofWeight)];
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
  samples: [sample([7, 3, 9, 9], 'normal'), sample([16, 2, 16, 8], 'positive'), sample([4, 1, 1024], 'positive')],
};
