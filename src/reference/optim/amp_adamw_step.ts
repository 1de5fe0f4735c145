import type { Random } from '../../tensor/random.ts';
import { ampAdamwStep as signature } from '../../vocabulary/optim/amp_adamw_step.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord, defineSimulation } from '../define.ts';
import type { Value } from '../record.ts';
import { type AdamScalars, adamBound, adamElement, adamScalars } from './adam.ts';
import { mapElements, wrongAdam } from './adamw_step.ts';
import { simulatedAdam } from './simulated-adam.ts';
import { EXACT, takenSample, takenStep, untouched, wrongTaken } from './taken.ts';

type Params = ParamsOf<typeof signature>;
type Inputs = InputsOf<typeof signature, Value>;

const TORCH = { lr: 1e-2, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.1 } as const;

function scalarsOf(inputs: Inputs, params: Params): AdamScalars | undefined {
  const taken = takenStep(inputs, params);
  return taken && adamScalars({ ...params, lr: taken.lr }, taken.step);
}

const left = ({ param, exp_avg, exp_avg_sq }: Inputs) => ({
  param: untouched(param),
  exp_avg: untouched(exp_avg),
  exp_avg_sq: untouched(exp_avg_sq),
});

const running = (random: Random) => ({
  param: random.normal(),
  grad: random.normal(),
  exp_avg: random.normal(1 / 3),
  exp_avg_sq: random.normal() ** 2,
});
/** A gradient that eps dwarfs: the smallest bound there is. */
const dwarfed = () => ({ param: 0, grad: 1e-14, exp_avg: 1e-14, exp_avg_sq: 0 });
const fresh = (random: Random) => ({
  param: random.normal(),
  grad: random.normal(),
  exp_avg: 0,
  exp_avg_sq: 0,
});

/** One step of AdamW or Adam under dynamic loss scaling. */
export const record = defineRecord(signature, {
  summary: 'one step of AdamW or Adam on a flat parameter, left out where an infinity was found',
  forward: (inputs, params) => {
    const scalars = scalarsOf(inputs, params);
    return scalars
      ? mapElements(inputs, (before, grad) => adamElement(before, grad, scalars))
      : left(inputs);
  },
  acceptance: (inputs, _outputs, params) => {
    const scalars = scalarsOf(inputs, params);
    if (!scalars) return { param: EXACT, exp_avg: EXACT, exp_avg_sq: EXACT };
    const bounds = mapElements(inputs, (before, grad) =>
      adamBound(before, grad, scalars, { exp_avg: 0, exp_avg_sq: 0 }),
    );
    return {
      param: { kind: 'within', bound: bounds.param.data },
      exp_avg: { kind: 'within', bound: bounds.exp_avg.data },
      exp_avg_sq: { kind: 'within', bound: bounds.exp_avg_sq.data },
    };
  },
  samples: [
    takenSample([1], { steps: 0 }, TORCH, fresh),
    takenSample([1027], { steps: 6 }, TORCH, running),
    takenSample([35], { steps: 6, found_inf: 1 }, TORCH, running),
    takenSample(
      [512],
      { steps: 3 },
      { ...TORCH, mode: 'adam', schedule: { name: 'cosine', warmup: 2, total: 9 } },
      running,
    ),
    takenSample([6], { steps: 1 }, { ...TORCH, schedule: { name: 'linear', total: 2 } }, running),
    // Behind the last row of the table, where every power of the betas has vanished.
    takenSample([7], { steps: 50_000 }, TORCH, running),
    takenSample([6], { steps: 999 }, { ...TORCH, lr: 0.1 }, dwarfed),
    takenSample([7], { steps: 2 }, { ...TORCH, bias_correction: false }, running),
  ],
  faults: [
    {
      name: 'left out where it is to be taken, and taken where not',
      shader: {
        file: 'optim/amp_adamw_step',
        from: 'found_inf[0] != 0.0',
        to: 'found_inf[0] == 0.0',
      },
    },
  ],
  plausibleBugs: [...wrongTaken<Params, Inputs>(), ...wrongAdam<Params, Inputs>()],
});

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => {
    const scalars = scalarsOf(inputs, params);
    return scalars
      ? mapElements(inputs, (before, grad) => simulatedAdam(gpu, before, grad, scalars))
      : left(inputs);
  },
});
