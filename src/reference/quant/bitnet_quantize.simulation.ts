import { bitnetQuantize as signature } from '../../vocabulary/quant/bitnet_quantize.ts';
import { defineSimulation } from '../define.ts';
import { simulatedAbsMean } from './abs_mean.simulation.ts';

export const simulation = defineSimulation(signature, {
  forward: (gpu, { weight: { shape, data } }, { eps }) => {
    const scale = simulatedAbsMean(gpu, data, 1, Number.NEGATIVE_INFINITY);
    const half = gpu.mul(0.5, gpu.add(scale, Math.fround(eps)));
    const trits = data.map((w) => (Math.abs(w) > half ? Math.sign(w) : 0));
    return {
      trits: { shape, data: trits },
      scale: { shape: [1], data: Float64Array.of(scale) },
      dequant: { shape, data: trits.map((t) => gpu.mul(t, scale)) },
    };
  },
});
