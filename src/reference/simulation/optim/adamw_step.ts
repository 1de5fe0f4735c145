import { adamScalars } from '../../optim/adam.ts';
import { mapElements, type StepParams } from '../../optim/adamw_step.ts';
import type { Simulation } from '../simulation.ts';
import { simulatedAdam } from './adam.ts';

export const simulation: Simulation<StepParams> = {
  op: 'adamw_step',
  forward: (gpu, inputs, params) => {
    const scalars = adamScalars(params, params.step);
    return mapElements(inputs, (before, grad) => simulatedAdam(gpu, before, grad, scalars));
  },
};
