import { adamwStep as signature } from '../../vocabulary/optim/adamw_step.ts';
import { defineSimulation } from '../define.ts';
import { adamScalars } from './adam.ts';
import { mapElements } from './adamw_step.ts';
import { simulatedAdam } from './simulated-adam.ts';

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => {
    const scalars = adamScalars(params, params.step);
    return mapElements(inputs, (before, grad) => simulatedAdam(gpu, before, grad, scalars));
  },
});
