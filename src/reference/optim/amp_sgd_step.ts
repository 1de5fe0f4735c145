import type { Random } from '../../tensor/random.ts';
import type { OpRecord, Values } from '../record.ts';
import type { Simulation } from '../simulation/simulation.ts';
import { type MomentumScalars, momentumBound, momentumElement, type SgdParams, sgdScalars } from './momentum.ts';
import { mapElements, simulatedMomentum, wrongMomentum } from './sgd_step.ts';
import { equal, type Scheduled, takenSample, takenStep, untouched, wrongTaken } from './taken.ts';

type Params = SgdParams & Scheduled;

const CHANGED = ['param', 'momentum_buffer'] as const;

function scalarsOf(inputs: Values, params: Params): MomentumScalars | undefined {
  const taken = takenStep(inputs, params);
  return taken && sgdScalars({ ...params, lr: taken.lr }, taken.step === 1);
}

const running = (random: Random) => ({ param: random.normal(), grad: random.normal(), momentum_buffer: random.normal() });

/** One step of SGD under dynamic loss scaling. */
export const record: OpRecord<Params> = {
  name: 'amp_sgd_step',
  family: 'optim',
  summary: 'one step of SGD on a flat parameter, left out where an infinity was found',
  inputs: {
    ...{ param: { dtypes: ['f32'] }, grad: { dtypes: ['f32'] }, momentum_buffer: { dtypes: ['f32'] } },
    ...{ found_inf: { dtypes: ['f32'] }, steps: { dtypes: ['i32'] } },
  },
  outputs: { param: { dtypes: ['f32'] }, momentum_buffer: { dtypes: ['f32'] } },
  forward: (inputs, params) => {
    const scalars = scalarsOf(inputs, params);
    return scalars ? mapElements(inputs, (before, grad) => momentumElement(before, grad, scalars)) : untouched(inputs, CHANGED);
  },
  acceptance: (inputs, _outputs, params) => {
    const scalars = scalarsOf(inputs, params);
    if (!scalars) return equal(CHANGED);
    const bounds = mapElements(inputs, (before, grad) => momentumBound(before, grad, scalars, 0));
    return Object.fromEntries(CHANGED.map((name) => [name, { kind: 'within', bound: bounds[name].data }]));
  },
  samples: [
    takenSample([1], { steps: 0 }, { lr: 0.1 }, running),
    takenSample([1027], { steps: 6 }, { lr: 0.01, momentum: 0.9, nesterov: true, weight_decay: 0.05 }, running),
    takenSample([35], { steps: 6, found_inf: 1 }, { lr: 0.1, momentum: 0.9 }, running),
    takenSample([512], { steps: 0 }, { lr: 0.1, momentum: 0.9, dampening: 0.5, weight_decay: 0.01 }, running),
    takenSample([6], { steps: 3 }, { lr: 0.1, momentum: 0.9, dampening: 0.5, schedule: { name: 'linear', warmup: 1, total: 4 } }, running),
    takenSample([7], { steps: 2000 }, { lr: 0.1, momentum: 0.9, dampening: 0.5 }, running),
  ],
  faults: [
    {
      name: 'left out where it is to be taken, and taken where not',
      shader: { file: 'optim/amp_sgd_step', from: 'found_inf[0] != 0.0', to: 'found_inf[0] == 0.0' },
    },
  ],
  wrongValues: [...wrongTaken<Params>(), ...wrongMomentum<Params>()],
};

export const simulation: Simulation<Params> = {
  op: 'amp_sgd_step',
  forward: (gpu, inputs, params) => {
    const scalars = scalarsOf(inputs, params);
    return scalars ? mapElements(inputs, (before, grad) => simulatedMomentum(gpu, before, grad, scalars)) : untouched(inputs, CHANGED);
  },
};
