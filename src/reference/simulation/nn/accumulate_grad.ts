import type { Value } from '../../record.ts';
import type { Simulation } from '../simulation.ts';

export const simulation: Simulation = {
  op: 'accumulate_grad',
  forward: (gpu, inputs) => {
    const [a, b] = [inputs['a'] as Value, inputs['b'] as Value];
    return { y: { ...a, data: a.data.map((x, i) => gpu.add(x, b.data[i] as number)) } };
  },
};
