import { formatShape, type Shape } from '../../tensor/shape.ts';
import { softmax as signature } from '../../vocabulary/nn/softmax.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import { drawTensor } from '../simulation/draw.ts';
import { farExp } from '../simulation/far-exp.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { rowDot, rowSum } from '../simulation/sums.ts';
import { mapRows, pick } from './softmax.ts';

/** One row. */
function softmax(gpu: SimulatedGpu, variant: string, x: readonly number[]): number[] {
  const largest = x.reduce((a, b) => Math.max(a, b));
  const powers = x.map((value) => farExp(gpu, gpu.sub(value, largest)));
  const sum = rowSum(gpu, variant, powers);
  return powers.map((power) => gpu.div(power, sum));
}

function sample(x: Shape): SampleOf<typeof signature> {
  return {
    level: 'legal',
    label: { x: formatShape(x) },
    params: {},
    inputs: (random) => ({ x: drawTensor(random, x) }),
    grads: (random) => ({ y: drawTensor(random, x) }),
  };
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, { x }, params, variant) => ({
    y: { shape: x.shape, data: mapRows(x, params, (row) => softmax(gpu, variant, pick(x, row))) },
  }),
  backward: (gpu, { x }, params, { y: dy }, variant) => {
    const data = mapRows(x, params, (row) => {
      const y = softmax(gpu, variant, pick(x, row));
      const incoming = pick(dy, row);
      const mean = rowDot(gpu, variant, incoming, y);
      return y.map((value, i) => gpu.mul(value, gpu.sub(incoming[i] as number, mean)));
    });
    return { x: { shape: x.shape, data } };
  },
  samples: [sample([31, 64]), sample([3, 1024]), sample([1, 4096])],
});
