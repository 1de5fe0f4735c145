import { optimizerStep as signature } from '../../vocabulary/optim/optimizer_step.ts';
import { defineSimulation } from '../define.ts';
import { mapElements } from './optimizer_step.ts';
import { ruleOf } from './optimizers.ts';
import { simulatedStep } from './simulated-step.ts';

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, { step, ...params }) => {
    const move = simulatedStep(gpu, params, false);
    return mapElements(inputs, ruleOf(params), (before, grad) => ({
      ...move(before, grad, step),
    }));
  },
});
