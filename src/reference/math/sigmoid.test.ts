import { expect, test } from 'vitest';
import { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { simulation } from './sigmoid.ts';

test('at 0 what is simulated is the larger of the two, which is not multiplied', () => {
  // An exponential that is too large: 1 / (1 + e) and e / (1 + e) differ.
  const onGpu = () => new SimulatedGpu({ rounding: 'up', contraction: false, flush: false }, 1);
  const gpu = onGpu();
  const small = gpu.exp(-0);
  expect(small).toBeGreaterThan(1);
  const x = { shape: [1], data: Float64Array.of(0) };
  const { y } = simulation.forward(onGpu(), { x }, {}, 'vec4');
  expect([...(y?.data ?? [])]).toEqual([gpu.div(1, gpu.add(1, small))]);
});
