import { adamw8bitStep as signature } from '../../vocabulary/optim/adamw8bit_step.ts';
import { defineSimulation } from '../define.ts';
import { outputsOf, parameterOf, ruleFor } from './adamw8bit_step.ts';

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => {
    const rule = ruleFor(inputs, params);
    return outputsOf(
      inputs,
      rule.computed(gpu, parameterOf(inputs), inputs.grad.data, params.step),
    );
  },
});
