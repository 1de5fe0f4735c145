import { hostTensorFrom } from '../../tensor/host.ts';
import { ternaryQuantize as signature } from '../../vocabulary/quant/ternary_quantize.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import { simulatedAbsMean } from './abs_mean.simulation.ts';
import { packTrits } from './ternary_quantize.ts';

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
    const threshold = simulatedAbsMean(gpu, data, Math.fround(threshold_factor), -1);
    const scale = simulatedAbsMean(gpu, data, 1, threshold);
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
