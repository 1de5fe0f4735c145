import { averagesOn } from '../../conv/avg_pool2d.ts';
import type { Value, Values } from '../../record.ts';
import type { Simulation } from '../simulation.ts';

/** One window as large as the image. */
function windowOver(inputs: Values) {
  const x = inputs['x'] as Value;
  return { x, params: { kernel: [x.shape[2] as number, x.shape[3] as number] } as const };
}

export const simulation: Simulation<Readonly<Record<string, never>>> = {
  op: 'global_avg_pool2d',
  forward: (gpu, inputs) => {
    const { x, params } = windowOver(inputs);
    return { y: averagesOn(gpu).means(x, params) };
  },
  backward: (gpu, inputs, _params, grads) => {
    const { x, params } = windowOver(inputs);
    return { x: averagesOn(gpu).shares(x, params, grads['y'] as Value) };
  },
};
