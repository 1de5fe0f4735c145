import { type NormParams, normSample } from '../../nn/norm/samples.ts';
import type { Value, Values } from '../../record.ts';
import { sumToSize } from '../matmul/multiply.ts';
import type { SimulatedGpu } from '../simulated-gpu.ts';
import type { Simulation } from '../simulation.ts';
import { dot } from '../sums.ts';

/** 1 / sqrt(mean(x^2) + eps) of each row. */
function rstdOf(gpu: SimulatedGpu, inputs: Values, { eps }: NormParams): number[] {
  const [x, width] = [(inputs['x'] as Value).data, (inputs['weight'] as Value).data.length];
  return Array.from({ length: x.length / width }, (_, row) => {
    const squares = dot(gpu, 'chain', x, row * width, x, row * width, width);
    return gpu.inverseSqrt(gpu.add(gpu.div(squares, width), Math.fround(eps)));
  });
}

export const simulation: Simulation<NormParams> = {
  op: 'rms_norm',
  forward: (gpu, inputs, params) => {
    const [x, weight, bias] = [inputs['x'] as Value, (inputs['weight'] as Value).data, inputs['bias']?.data];
    const rstd = rstdOf(gpu, inputs, params);
    const data = x.data.map((value, i) => {
      const scale = rstd[Math.floor(i / weight.length)] as number;
      const scaled = gpu.mul(weight[i % weight.length] as number, gpu.mul(value, scale));
      return bias ? gpu.add(scaled, bias[i % weight.length] as number) : scaled;
    });
    return { y: { shape: x.shape, data } };
  },
  backward: (gpu, inputs, params, grads) => {
    const [x, weight, dy] = [inputs['x'] as Value, inputs['weight'] as Value, (grads['y'] as Value).data];
    const width = weight.data.length;
    const rstd = rstdOf(gpu, inputs, params);
    const [dx, dweight] = [new Float64Array(x.data.length), new Float64Array(width)];
    rstd.forEach((scale, row) => {
      const at = (data: Float64Array, c: number) => data[row * width + c] as number;
      let sum = 0;
      for (let c = 0; c < width; c++) sum = gpu.mulAdd(gpu.mul(weight.data[c] as number, at(dy, c)), at(x.data, c), sum);
      const along = gpu.div(gpu.mul(gpu.mul(scale, scale), sum), width);
      for (let c = 0; c < width; c++) {
        const back = gpu.mul(at(x.data, c), along);
        dx[row * width + c] = gpu.mul(scale, gpu.mulAdd(weight.data[c] as number, at(dy, c), -back));
        dweight[c] = gpu.mulAdd(at(dy, c), gpu.mul(at(x.data, c), scale), dweight[c] as number);
      }
    });
    const bias = inputs['bias'] && { bias: sumToSize(gpu, grads['y'] as Value, weight.shape) };
    return { x: { shape: x.shape, data: dx }, weight: { shape: weight.shape, data: dweight }, ...bias };
  },
  samples: [
    normSample({ x: [31, 64], params: { eps: 1e-6 } }),
    normSample({ x: [64, 7], params: { eps: 1e-6 }, mean: 3, bias: true }),
    normSample({ x: [3, 1024], params: { eps: 1e-6 }, mean: 3 }),
    normSample({ x: [1, 4096], params: { eps: 1e-6 }, mean: 3 }),
  ],
};
