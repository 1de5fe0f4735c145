import { formatShape, type Shape } from '../../tensor/shape.ts';
import { softmax as signature } from '../../vocabulary/nn/softmax.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import { drawTensor } from '../simulation/draw.ts';
import { farExp } from '../simulation/far-exp.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { chainSum } from '../simulation/sums.ts';
import { mapRows, pick } from './softmax.ts';

/** One row: exponentials are taken twice, once for the sum and once for the quotient. */
function softmax(gpu: SimulatedGpu, x: readonly number[]): number[] {
  const largest = x.reduce((a, b) => Math.max(a, b));
  const sum = chainSum(
    gpu,
    x.map((value) => farExp(gpu, gpu.sub(value, largest))),
  );
  return x.map((value) => gpu.div(farExp(gpu, gpu.sub(value, largest)), sum));
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
  forward: (gpu, { x }, params) => ({
    y: { shape: x.shape, data: mapRows(x, params, (row) => softmax(gpu, pick(x, row))) },
  }),
  backward: (gpu, { x }, params, grads) => {
    const dy = grads.y.data;
    const data = mapRows(x, params, (row) => {
      const y = softmax(gpu, pick(x, row));
      const mean = row.reduce((sum, at, i) => gpu.mulAdd(dy[at] as number, y[i] as number, sum), 0);
      return row.map((at, i) => gpu.mul(y[i] as number, gpu.sub(dy[at] as number, mean)));
    });
    return { x: { shape: x.shape, data } };
  },
  samples: [sample([31, 64]), sample([3, 1024]), sample([1, 4096])],
});
