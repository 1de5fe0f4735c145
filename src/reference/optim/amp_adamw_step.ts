import type { Random } from '../../tensor/random.ts';
import type { OpRecord } from '../record.ts';
import { simulatedAdam } from '../simulation/optim/adam.ts';
import type { Simulation } from '../simulation/simulation.ts';
import { type AdamParams, adamBound, adamElement, adamScalars } from './adam.ts';
import { mapElements, wrongAdam } from './adamw_step.ts';
import { equal, type Scheduled, takenSample, takenStep, untouched, wrongTaken } from './taken.ts';

type Params = AdamParams & Scheduled;

const CHANGED = ['param', 'exp_avg', 'exp_avg_sq'] as const;
const TORCH: AdamParams = { lr: 1e-2, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.1 };

const running = (random: Random) => ({
  param: random.normal(),
  grad: random.normal(),
  exp_avg: random.normal(1 / 3),
  exp_avg_sq: random.normal() ** 2,
});
/** A gradient that eps dwarfs: the smallest bound there is. */
const dwarfed = () => ({ param: 0, grad: 1e-14, exp_avg: 1e-14, exp_avg_sq: 0 });
const fresh = (random: Random) => ({ param: random.normal(), grad: random.normal(), exp_avg: 0, exp_avg_sq: 0 });

/** One step of AdamW or Adam under dynamic loss scaling. */
export const record: OpRecord<Params> = {
  name: 'amp_adamw_step',
  family: 'optim',
  summary: 'one step of AdamW or Adam on a flat parameter, left out where an infinity was found',
  inputs: {
    ...{ param: { dtypes: ['f32'] }, grad: { dtypes: ['f32'] }, exp_avg: { dtypes: ['f32'] }, exp_avg_sq: { dtypes: ['f32'] } },
    ...{ found_inf: { dtypes: ['f32'] }, steps: { dtypes: ['i32'] } },
  },
  outputs: { param: { dtypes: ['f32'] }, exp_avg: { dtypes: ['f32'] }, exp_avg_sq: { dtypes: ['f32'] } },
  forward: (inputs, params) => {
    const taken = takenStep(inputs, params);
    if (!taken) return untouched(inputs, CHANGED);
    const scalars = adamScalars({ ...params, lr: taken.lr }, taken.step);
    return mapElements(inputs, (before, grad) => adamElement(before, grad, scalars));
  },
  acceptance: (inputs, _outputs, params) => {
    const taken = takenStep(inputs, params);
    if (!taken) return equal(CHANGED);
    const scalars = adamScalars({ ...params, lr: taken.lr }, taken.step);
    const bounds = mapElements(inputs, (before, grad) => adamBound(before, grad, scalars, { exp_avg: 0, exp_avg_sq: 0 }));
    return Object.fromEntries(CHANGED.map((name) => [name, { kind: 'within', bound: bounds[name].data }]));
  },
  samples: [
    takenSample([1], { steps: 0 }, TORCH, fresh),
    takenSample([1027], { steps: 6 }, TORCH, running),
    takenSample([35], { steps: 6, found_inf: 1 }, TORCH, running),
    takenSample([512], { steps: 3 }, { ...TORCH, mode: 'adam', schedule: { name: 'cosine', warmup: 2, total: 9 } }, running),
    takenSample([6], { steps: 1 }, { ...TORCH, schedule: { name: 'linear', total: 2 } }, running),
    // Behind the last row of the table, where every power of the betas has vanished.
    takenSample([7], { steps: 50_000 }, TORCH, running),
    takenSample([6], { steps: 999 }, { ...TORCH, lr: 0.1 }, dwarfed),
    takenSample([7], { steps: 2 }, { ...TORCH, bias_correction: false }, running),
  ],
  faults: [
    {
      name: 'left out where it is to be taken, and taken where not',
      shader: { file: 'optim/amp_adamw_step', from: 'found_inf[0] != 0.0', to: 'found_inf[0] == 0.0' },
    },
  ],
  wrongValues: [...wrongTaken<Params>(), ...wrongAdam<Params>()],
};

export const simulation: Simulation<Params> = {
  op: 'amp_adamw_step',
  forward: (gpu, inputs, params) => {
    const taken = takenStep(inputs, params);
    if (!taken) return untouched(inputs, CHANGED);
    const scalars = adamScalars({ ...params, lr: taken.lr }, taken.step);
    return mapElements(inputs, (before, grad) => simulatedAdam(gpu, before, grad, scalars));
  },
};
