import { InvariantError } from '../../errors.ts';
import type { DifferentiableRunner } from '../backward.ts';
import { truthOf } from '../truth.ts';
import type { SimulatedGpu } from './simulated-gpu.ts';
import type { Simulation } from './simulation.ts';

/**
 * Runs the calls of a graph in the float32 of a simulated GPU, with sums one after another. An op
 * that has no simulation only copies, and its record runs it.
 */
export function simulatedRunner(
  gpu: SimulatedGpu,
  simulations: ReadonlyMap<string, Simulation>,
): DifferentiableRunner {
  return {
    run: (call) => {
      const simulation = simulations.get(call.op.name);
      if (!simulation) return truthOf(call);
      const { params, inputs, grads } = call;
      if (!grads) return simulation.forward(gpu, inputs, params, 'naive');
      if (!simulation.backward)
        throw new InvariantError(`the simulation of ${call.op.name} has no backward pass`);
      return simulation.backward(gpu, inputs, params, grads, 'naive');
    },
    view: (value, shape) => ({ ...value, shape }),
    add: gpu.add.bind(gpu),
    stored: Math.fround,
  };
}
