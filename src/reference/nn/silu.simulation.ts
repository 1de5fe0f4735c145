import { hostTensorFrom } from '../../tensor/host.ts';
import { silu as signature } from '../../vocabulary/nn/silu.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import { drawTensor } from '../simulation/draw.ts';
import { END } from '../simulation/far-exp.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';

/** As the kernel: far left of zero the quotient would leave the range of exact division. */
export function silu(gpu: SimulatedGpu, x: number): number {
  const far = Math.max(x, -END);
  if (x < -80) return gpu.mul(far, gpu.exp(far));
  return gpu.div(x, gpu.add(1, gpu.exp(-Math.min(x, 80))));
}

/** The slope of silu, as the kernel. */
export function slope(gpu: SimulatedGpu, x: number): number {
  const value = Math.min(Math.max(x, -END), END);
  const small = gpu.exp(-Math.abs(value));
  const large = gpu.div(1, gpu.add(1, small));
  const other = gpu.mul(small, large);
  const [s, rest] = x >= 0 ? [large, other] : [other, large];
  return gpu.mul(s, gpu.mulAdd(value, rest, 1));
}

/**
 * Both sides of every place where the kernels change their formula, and where exp becomes
 * denormal.
 */
const wide: SampleOf<typeof signature> = {
  level: 'legal',
  label: { x: 4096, values: 'wide' },
  params: {},
  inputs: (random) => ({
    x: hostTensorFrom(
      'f32',
      [4096],
      random.fill(4096, () => random.uniform(-110, 110)),
    ),
  }),
  grads: (random) => ({ y: drawTensor(random, [4096]) }),
};

export const simulation = defineSimulation(signature, {
  forward: (gpu, { x }) => ({ y: { ...x, data: x.data.map((value) => silu(gpu, value)) } }),
  backward: (gpu, { x }, _params, { y: dy }) => ({
    x: { ...x, data: x.data.map((value, i) => gpu.mul(dy.data[i] as number, slope(gpu, value))) },
  }),
  samples: [wide],
});
