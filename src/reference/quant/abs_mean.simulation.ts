import { sizeOf } from '../../tensor/shape.ts';
import { absMean as signature } from '../../vocabulary/quant/abs_mean.ts';
import { defineSimulation } from '../define.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { workgroupSum } from '../simulation/sums.ts';
import { keptOf } from './abs_mean.ts';

/** Lanes of the first kernel of a mean: one for 16 elements, up to 4096. */
const lanesOf = (n: number): number => Math.min(4096, Math.ceil(n / 16));

/** factor * mean |w| of the elements above `limit`. */
export function simulatedAbsMean(
  gpu: SimulatedGpu,
  w: Float64Array,
  factor: number,
  limit: number,
): number {
  const sums = new Float64Array(lanesOf(w.length));
  let count = 0;
  w.forEach((value, i) => {
    if (Math.abs(value) <= limit) return;
    const lane = i % sums.length;
    sums[lane] = gpu.add(sums[lane] as number, Math.abs(value));
    count++;
  });
  return count === 0 ? 0 : gpu.div(gpu.mul(factor, workgroupSum(gpu, sums)), count);
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => {
    const { shape, width } = keptOf(inputs, params);
    const { weight, limit } = inputs;
    const mean = (_: unknown, row: number) =>
      simulatedAbsMean(
        gpu,
        weight.data.subarray(row * width, (row + 1) * width),
        Math.fround(params.factor),
        limit ? (limit.data[row] as number) : Number.NEGATIVE_INFINITY,
      );
    return { mean: { shape, data: Float64Array.from({ length: sizeOf(shape) }, mean) } };
  },
});
