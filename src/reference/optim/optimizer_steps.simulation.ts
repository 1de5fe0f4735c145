import { optimizerSteps as signature } from '../../vocabulary/optim/optimizer_steps.ts';
import { defineSimulation } from '../define.ts';
import { countedOf, ruleFor, stateOf, walk } from './optimizer_steps.ts';

/** Step after step from the simulated GPU's own results. */
export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => {
    const { param, grads } = inputs;
    const rule = ruleFor(params, inputs);
    const trajectory = new Float64Array(grads.data.length);
    const last = walk(inputs, rule, (before, grad, step, start) => {
      const next = rule.computed(gpu, before, grad, step);
      trajectory.set(next['param'] as Float64Array, start);
      return next;
    });
    return {
      trajectory: { shape: grads.shape, data: trajectory },
      ...stateOf(rule, param, last),
      ...countedOf(rule, inputs, (x) => ({ shape: [1], data: Float64Array.of(Math.fround(x)) })),
    };
  },
});
