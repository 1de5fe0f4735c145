import { hostTensorFrom } from '../../tensor/host.ts';
import { ternaryQuantize as signature } from '../../vocabulary/quant/ternary_quantize.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { workgroupSum } from '../simulation/sums.ts';
import { packTrits } from './ternary_quantize.ts';

/** Lanes of the first kernel of a mean: one for 16 elements, up to 4096. */
const lanesOf = (n: number): number => Math.min(4096, Math.ceil(n / 16));

/** factor * mean |w| of the elements above `limit`. */
function absMean(gpu: SimulatedGpu, w: Float64Array, factor: number, limit: number): number {
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

function sample(n: number): SampleOf<typeof signature> {
  return {
    level: 'legal',
    label: { weight: n },
    params: {},
    inputs: (random) => ({
      weight: hostTensorFrom(
        'f32',
        [n],
        random.fill(n, () => random.normal(0.05)),
      ),
    }),
  };
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, { weight: { shape, data } }, { threshold_factor }) => {
    const threshold = absMean(gpu, data, Math.fround(threshold_factor), -1);
    const scale = absMean(gpu, data, 1, threshold);
    const trits = data.map((w) => (Math.abs(w) > threshold ? Math.sign(w) : 0));
    const packed = packTrits(trits);
    return {
      trits: { shape, data: trits },
      packed: { shape: [packed.length], data: packed },
      threshold: { shape: [1], data: Float64Array.of(threshold) },
      scale: { shape: [1], data: Float64Array.of(scale) },
      dequant: { shape, data: trits.map((t) => gpu.mul(t, scale)) },
    };
  },
  samples: [64, 512, 4096].map(sample),
});
