import { hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import {
  type AmpAdamw8bitParams,
  ampAdamw8bitStep as signature,
} from '../../vocabulary/optim/amp_adamw8bit_step.ts';
import type { GivenParams, InputsOf, OutputsOf } from '../../vocabulary/signature.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { unsupportedBlock } from '../quant/blocks.ts';
import type { Acceptance, Value } from '../record.ts';
import { outputsOf, parameterOf, ruleFor, wrongAdamw8bit } from './adamw8bit_step.ts';
import { type Draw, drawAdamw8bit, fresh, running } from './drawn-adamw8bit.ts';
import type { ParameterRule } from './parameter-rule.ts';
import { EXACT, takenStep, wrongTaken } from './taken.ts';

type Inputs = InputsOf<typeof signature, Value>;

/** The rule of the step that is taken, and which one it is; undefined where it is left out. */
export function takenRule(
  inputs: Inputs,
  params: AmpAdamw8bitParams,
): { readonly rule: ParameterRule; readonly step: number } | undefined {
  const taken = takenStep(inputs, params);
  return taken && { rule: ruleFor(inputs, { ...params, lr: taken.lr }), step: taken.step };
}

function sample(
  shape: Shape,
  { found_inf = 0, steps }: { readonly found_inf?: number; readonly steps: number },
  params: GivenParams<typeof signature> & { readonly blocksize: number },
  draw: Draw,
  more: Pick<SampleOf<typeof signature>, 'variants' | 'tier'> = {},
): SampleOf<typeof signature> {
  const { blocksize, schedule, state_rounding = 'lut16', decay_after_step } = params;
  return {
    level: 'legal',
    label: {
      ...{ param: formatShape(shape), found_inf, steps, schedule: schedule?.name ?? 'constant' },
      ...{ block: blocksize, rounding: state_rounding },
      ...(decay_after_step === true && { decay_after_step }),
    },
    params,
    ...more,
    inputs: (random) => ({
      ...drawAdamw8bit(random, shape, blocksize, draw),
      found_inf: hostTensorFrom('f32', [1], [found_inf]),
      steps: hostTensorFrom('i32', [1], [steps]),
    }),
  };
}

const GIVEN = {
  ...({ lr: 0.1, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.1 } as const),
  blocksize: 32,
};
const LIKE_CUDA = { ...GIVEN, state_rounding: 'nearest', decay_after_step: true } as const;
const ONE = { variants: ['serial'] } as const;
const SHARED = { variants: ['cooperative'] } as const;
const FULL = { tier: 'full' } as const;

/** One step of bitsandbytes.optim.AdamW8bit under dynamic loss scaling. */
export const record = defineRecord(signature, {
  summary: 'one step of AdamW with moments in 8 bits, left out where an infinity was found',
  unsupported: (_inputs, { blocksize }) => unsupportedBlock(blocksize),
  forward: (inputs, params) => {
    const taken = takenRule(inputs, params);
    const before = parameterOf(inputs);
    return outputsOf(
      inputs,
      taken ? taken.rule.step(before, inputs.grad.data, taken.step) : before,
    );
  },
  acceptance: (inputs, outputs, params, arithmetic) => {
    const taken = takenRule(inputs, params);
    if (!taken)
      return Object.fromEntries(Object.keys(outputs).map((name) => [name, EXACT])) as OutputsOf<
        typeof signature,
        Acceptance
      >;
    const { rule, step } = taken;
    const errors = rule.bound(parameterOf(inputs), inputs.grad.data, step, {}, arithmetic);
    const param = { kind: 'within', bound: errors['param'] as Float64Array } as const;
    return { param, ...rule.accepts?.(errors) } as OutputsOf<typeof signature, Acceptance>;
  },
  samples: [
    sample([137], { steps: 6 }, GIVEN, running(1), ONE),
    sample([5, 37], { steps: 6, found_inf: 1 }, GIVEN, running(1), SHARED),
    sample([35], { steps: 0 }, GIVEN, fresh, ONE),
    sample(
      [70],
      { steps: 3 },
      { ...LIKE_CUDA, schedule: { name: 'cosine', warmup: 2, total: 9 } },
      running(1e-3),
      { ...SHARED, ...FULL },
    ),
    // Behind the last row of the table, where every power of the betas has vanished.
    sample([64], { steps: 50_000 }, GIVEN, running(1), FULL),
    // A table of one row.
    sample([33], { steps: 2 }, { ...GIVEN, bias_correction: false }, running(1)),
    // Behind the end of a schedule, whose last row stands still.
    sample(
      [34],
      { steps: 7 },
      { ...GIVEN, bias_correction: false, schedule: { name: 'linear', total: 2 } },
      running(1),
      ONE,
    ),
  ],
  faults: [
    {
      name: 'left out where it is to be taken, and taken where not',
      shader: {
        file: 'optim/amp_step_rates',
        from: 'found_inf[0] == 0.0',
        to: 'found_inf[0] != 0.0',
      },
    },
  ],
  plausibleBugs: [
    ...wrongTaken<AmpAdamw8bitParams, Inputs>(),
    ...wrongAdamw8bit<AmpAdamw8bitParams, Inputs>(),
  ],
});
