import { accumulateGrad as signature } from '../../vocabulary/nn/accumulate_grad.ts';
import { defineSimulation } from '../define.ts';

export const simulation = defineSimulation(signature, {
  forward: (gpu, { a, b }) => ({
    y: { ...a, data: a.data.map((x, i) => gpu.add(x, b.data[i] as number)) },
  }),
});
