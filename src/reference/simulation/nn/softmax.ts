import { formatShape, type Shape } from '../../../tensor/shape.ts';
import { mapRows, type SoftmaxParams } from '../../nn/softmax.ts';
import type { Sample, Value } from '../../record.ts';
import { drawTensor } from '../draw.ts';
import { farExp } from '../far-exp.ts';
import type { SimulatedGpu } from '../simulated-gpu.ts';
import type { Simulation } from '../simulation.ts';
import { chainSum } from '../sums.ts';

/** One row: exponentials are taken twice, once for the sum and once for the quotient. */
function softmax(gpu: SimulatedGpu, x: readonly number[]): number[] {
  const largest = x.reduce((a, b) => Math.max(a, b));
  const sum = chainSum(
    gpu,
    x.map((value) => farExp(gpu, gpu.sub(value, largest))),
  );
  return x.map((value) => gpu.div(farExp(gpu, gpu.sub(value, largest)), sum));
}

function sample(x: Shape): Sample<SoftmaxParams> {
  return {
    layer: 'legal',
    label: { x: formatShape(x) },
    params: {},
    inputs: (random) => ({ x: drawTensor(random, x) }),
    grads: (random) => ({ y: drawTensor(random, x) }),
  };
}

export const simulation: Simulation<SoftmaxParams> = {
  op: 'softmax',
  forward: (gpu, inputs, params) => {
    const x = inputs['x'] as Value;
    const data = mapRows(x, params, (row) =>
      softmax(
        gpu,
        row.map((i) => x.data[i] as number),
      ),
    );
    return { y: { shape: x.shape, data } };
  },
  backward: (gpu, inputs, params, grads) => {
    const [x, dy] = [inputs['x'] as Value, (grads['y'] as Value).data];
    const data = mapRows(x, params, (row) => {
      const y = softmax(
        gpu,
        row.map((i) => x.data[i] as number),
      );
      const mean = row.reduce((sum, at, i) => gpu.mulAdd(dy[at] as number, y[i] as number, sum), 0);
      return row.map((at, i) => gpu.mul(y[i] as number, gpu.sub(dy[at] as number, mean)));
    });
    return { x: { shape: x.shape, data } };
  },
  samples: [sample([31, 64]), sample([3, 1024]), sample([1, 4096])],
};
