import type { Random } from '../../tensor/random.ts';
import { ampSgdStep as signature } from '../../vocabulary/optim/amp_sgd_step.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord, defineSimulation } from '../define.ts';
import type { Value } from '../record.ts';
import { type MomentumScalars, momentumBound, momentumElement, sgdScalars } from './momentum.ts';
import { mapElements, simulatedMomentum, wrongMomentum } from './sgd_step.ts';
import { EXACT, takenSample, takenStep, untouched, wrongTaken } from './taken.ts';

type Params = ParamsOf<typeof signature>;
type Inputs = InputsOf<typeof signature, Value>;

function scalarsOf(inputs: Inputs, params: Params): MomentumScalars | undefined {
  const taken = takenStep(inputs, params);
  return taken && sgdScalars({ ...params, lr: taken.lr }, taken.step === 1);
}

const left = ({ param, momentum_buffer }: Inputs) => ({
  param: untouched(param),
  momentum_buffer: untouched(momentum_buffer),
});

const running = (random: Random) => ({
  param: random.normal(),
  grad: random.normal(),
  momentum_buffer: random.normal(),
});

/** One step of SGD under dynamic loss scaling. */
export const record = defineRecord(signature, {
  summary: 'one step of SGD on a flat parameter, left out where an infinity was found',
  forward: (inputs, params) => {
    const scalars = scalarsOf(inputs, params);
    return scalars
      ? mapElements(inputs, (before, grad) => momentumElement(before, grad, scalars))
      : left(inputs);
  },
  acceptance: (inputs, _outputs, params) => {
    const scalars = scalarsOf(inputs, params);
    if (!scalars) return { param: EXACT, momentum_buffer: EXACT };
    const bounds = mapElements(inputs, (before, grad) => momentumBound(before, grad, scalars, 0));
    return {
      param: { kind: 'within', bound: bounds.param.data },
      momentum_buffer: { kind: 'within', bound: bounds.momentum_buffer.data },
    };
  },
  samples: [
    takenSample([1], { steps: 0 }, { lr: 0.1 }, running),
    takenSample(
      [1027],
      { steps: 6 },
      { lr: 0.01, momentum: 0.9, nesterov: true, weight_decay: 0.05 },
      running,
    ),
    takenSample([35], { steps: 6, found_inf: 1 }, { lr: 0.1, momentum: 0.9 }, running),
    takenSample(
      [512],
      { steps: 0 },
      { lr: 0.1, momentum: 0.9, dampening: 0.5, weight_decay: 0.01 },
      running,
    ),
    takenSample(
      [6],
      { steps: 3 },
      { lr: 0.1, momentum: 0.9, dampening: 0.5, schedule: { name: 'linear', warmup: 1, total: 4 } },
      running,
    ),
    takenSample([7], { steps: 2000 }, { lr: 0.1, momentum: 0.9, dampening: 0.5 }, running),
  ],
  faults: [
    {
      name: 'left out where it is to be taken, and taken where not',
      shader: {
        file: 'optim/amp_sgd_step',
        from: 'found_inf[0] != 0.0',
        to: 'found_inf[0] == 0.0',
      },
    },
  ],
  plausibleBugs: [...wrongTaken<Params, Inputs>(), ...wrongMomentum<Params, Inputs>()],
});

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => {
    const scalars = scalarsOf(inputs, params);
    return scalars
      ? mapElements(inputs, (before, grad) => simulatedMomentum(gpu, before, grad, scalars))
      : left(inputs);
  },
});
