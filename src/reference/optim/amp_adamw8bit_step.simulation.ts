import { ampAdamw8bitStep as signature } from '../../vocabulary/optim/amp_adamw8bit_step.ts';
import { defineSimulation } from '../define.ts';
import { outputsOf, parameterOf } from './adamw8bit_step.ts';
import { takenRule } from './amp_adamw8bit_step.ts';

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => {
    const taken = takenRule(inputs, params);
    const before = parameterOf(inputs);
    return outputsOf(
      inputs,
      taken ? taken.rule.computed(gpu, before, inputs.grad.data, taken.step) : before,
    );
  },
});
