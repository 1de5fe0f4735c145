import type { Normalization } from '../../vocabulary/nn/norm.ts';
import { rmsNorm as signature } from '../../vocabulary/nn/rms_norm.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineSimulation } from '../define.ts';
import { sumToSize } from '../matmul/multiply.simulation.ts';
import type { Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { rowDot, rowOf } from '../simulation/sums.ts';
import { normSample } from './norm/samples.ts';

/** 1 / sqrt(mean(x^2) + eps) of each row. */
function rstdOf(
  gpu: SimulatedGpu,
  { x, weight }: InputsOf<Normalization, Value>,
  { eps }: ParamsOf<Normalization>,
  variant: string,
): number[] {
  const width = weight.data.length;
  return Array.from({ length: x.data.length / width }, (_, row) => {
    const own = x.data.subarray(row * width, (row + 1) * width);
    const squares = rowDot(gpu, variant, own, own);
    return gpu.inverseSqrt(gpu.add(gpu.div(squares, width), Math.fround(eps)));
  });
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params, variant) => {
    const { x, weight, bias } = inputs;
    const rstd = rstdOf(gpu, inputs, params, variant);
    const data = x.data.map((value, i) => {
      const c = i % weight.data.length;
      const scale = rstd[Math.floor(i / weight.data.length)] as number;
      const scaled = gpu.mul(weight.data[c] as number, gpu.mul(value, scale));
      return bias ? gpu.add(scaled, bias.data[c] as number) : scaled;
    });
    return { y: { shape: x.shape, data } };
  },
  backward: (gpu, inputs, params, grads, variant) => {
    const { x, weight, bias } = inputs;
    const dy = grads.y.data;
    const width = weight.data.length;
    const rstd = rstdOf(gpu, inputs, params, variant);
    const dx = new Float64Array(x.data.length);
    const dweight = new Float64Array(width);
    rstd.forEach((scale, row) => {
      const at = (data: Float64Array, c: number) => data[row * width + c] as number;
      const sum = rowOf(gpu, variant, width, (part, c) =>
        gpu.mulAdd(gpu.mul(weight.data[c] as number, at(dy, c)), at(x.data, c), part),
      );
      const along = gpu.div(gpu.mul(gpu.mul(scale, scale), sum), width);
      for (let c = 0; c < width; c++) {
        const back = gpu.mul(at(x.data, c), along);
        dx[row * width + c] = gpu.mul(
          scale,
          gpu.mulAdd(weight.data[c] as number, at(dy, c), -back),
        );
        dweight[c] = gpu.mulAdd(at(dy, c), gpu.mul(at(x.data, c), scale), dweight[c] as number);
      }
    });
    return {
      x: { shape: x.shape, data: dx },
      weight: { shape: weight.shape, data: dweight },
      ...(bias ? { bias: sumToSize(gpu, grads.y, weight.shape) } : {}),
    };
  },
  samples: [
    normSample({ x: [31, 64], params: { eps: 1e-6 } }),
    normSample({ x: [64, 7], params: { eps: 1e-6 }, mean: 3, bias: true }),
    normSample({ x: [3, 1024], params: { eps: 1e-6 }, mean: 3 }),
    normSample({ x: [1, 4096], params: { eps: 1e-6 }, mean: 3 }),
  ],
});
