import { optimizerStep as signature } from '../../vocabulary/optim/optimizer_step.ts';
import { defineSimulation } from '../define.ts';
import { parameterOf, valuesOf } from './optimizer_step.ts';
import { parameterRuleOf } from './parameter-rule-of.ts';

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, { step, ...params }) => {
    const rule = parameterRuleOf(params, inputs.param.shape);
    const { grad } = inputs;
    return valuesOf(inputs, rule.computed(gpu, parameterOf(inputs, rule), grad.data, step));
  },
});
