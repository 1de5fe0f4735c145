import { formatShape, type Shape } from '../../tensor/shape.ts';
import type { Adamw8bitHyperparameters } from '../../vocabulary/optim/adamw8bit.ts';
import { adamw8bitStep as signature } from '../../vocabulary/optim/adamw8bit_step.ts';
import {
  completed,
  type GivenParams,
  type InputsOf,
  type OutputsOf,
  type ParamsOf,
} from '../../vocabulary/signature.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import { unsupportedBlock } from '../quant/blocks.ts';
import type { Acceptance, PlausibleBug, Value } from '../record.ts';
import { adamw8bit } from './adamw8bit.ts';
import { type Draw, drawAdamw8bit, extreme, fresh, running, vanishing } from './drawn-adamw8bit.ts';
import type { Parameter, ParameterRule } from './parameter-rule.ts';

type Inputs = InputsOf<typeof signature, Value>;

/** The rule of a step with the maps that it is given. */
export function ruleFor(
  { param, qmap }: Pick<Inputs, 'param' | 'qmap'>,
  params: Adamw8bitHyperparameters,
): ParameterRule {
  return adamw8bit(params, param.shape, {
    exp_avg: qmap.data.subarray(0, 256),
    exp_avg_sq: qmap.data.subarray(256),
  });
}

/** The parameter with what is kept of it, as a rule has them. */
export function parameterOf(inputs: Inputs): Parameter {
  const { param, exp_avg, exp_avg_absmax, exp_avg_sq, exp_avg_sq_absmax } = inputs;
  return {
    param: param.data,
    exp_avg: exp_avg.data,
    exp_avg_absmax: exp_avg_absmax.data,
    exp_avg_sq: exp_avg_sq.data,
    exp_avg_sq_absmax: exp_avg_sq_absmax.data,
  };
}

/** What a rule gives, in the shapes of what it got. */
export function outputsOf(inputs: Inputs, after: Parameter): OutputsOf<typeof signature, Value> {
  const output = (name: keyof OutputsOf<typeof signature, Value>): Value => ({
    shape: inputs[name].shape,
    data: after[name] as Float64Array,
  });
  return {
    param: output('param'),
    exp_avg: output('exp_avg'),
    exp_avg_absmax: output('exp_avg_absmax'),
    exp_avg_sq: output('exp_avg_sq'),
    exp_avg_sq_absmax: output('exp_avg_sq_absmax'),
  };
}

function sample(
  values: string,
  shape: Shape,
  params: GivenParams<typeof signature>,
  draw: Draw,
  more: Pick<SampleOf<typeof signature>, 'variants' | 'tier'> = {},
): SampleOf<typeof signature> {
  const { blocksize, state_rounding, decay_after_step, step } = completed(signature, params);
  return {
    level: 'legal',
    label: {
      ...{ param: formatShape(shape), values, step, block: blocksize, rounding: state_rounding },
      ...(decay_after_step && { decay_after_step }),
    },
    params,
    ...more,
    inputs: (random) => drawAdamw8bit(random, shape, blocksize, draw),
  };
}

const GIVEN = { lr: 0.1, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.1 } as const;
const SMALL_BLOCKS = { ...GIVEN, blocksize: 32 } as const;
const LIKE_CUDA = {
  ...SMALL_BLOCKS,
  ...({ state_rounding: 'nearest', decay_after_step: true } as const),
};
const ONE = { variants: ['serial'] } as const;
const SHARED = { variants: ['cooperative'] } as const;

/** Mistakes about hyperparameters, codes and scales. */
export function wrongAdamw8bit<
  P extends Adamw8bitHyperparameters,
  I extends Inputs,
>(): readonly PlausibleBug<P, I>[] {
  return [
    paramsBug('beta1 0.8 for 0.9', (p) => ({ ...p, betas: [0.8, p.betas[1]] })),
    paramsBug('beta2 0.99 for 0.999', (p) => ({ ...p, betas: [p.betas[0], 0.99] })),
    paramsBug('eps ten times too large', (p) => ({ ...p, eps: 10 * p.eps })),
    paramsBug('no bias correction', (p) => ({ ...p, bias_correction: !p.bias_correction })),
    paramsBug('no weight decay', (p) => ({ ...p, weight_decay: 0 })),
    paramsBug('the decay on the other side of the step', (p) => ({
      ...p,
      decay_after_step: !p.decay_after_step,
    })),
    paramsBug('blocks of twice the size', (p) => ({ ...p, blocksize: 2 * p.blocksize })),
    paramsBug('the other rounding of moments', (p) => ({
      ...p,
      state_rounding: p.state_rounding === 'nearest' ? 'lut16' : 'nearest',
    })),
    inputBug('maps swapped', 'qmap', (_, i, { data }) => data[(i + 256) % 512] as number),
    inputBug('map wrong by 2e-5', 'qmap', (x) => x * (1 + 2e-5)),
    inputBug('the next code of the first moment', 'exp_avg', (code) => code ^ 1),
    inputBug('the next code of the second moment', 'exp_avg_sq', (code) => code ^ 1),
    inputBug('first scale wrong by 2e-5', 'exp_avg_absmax', (x) => x * (1 + 2e-5)),
    inputBug('second scale wrong by 2e-5', 'exp_avg_sq_absmax', (x) => x * (1 + 2e-5)),
    inputBug('gradient negated', 'grad', (x) => -x),
  ];
}

/** One step of bitsandbytes.optim.AdamW8bit on a parameter that is large enough. */
export const record = defineRecord(signature, {
  summary: 'one step of AdamW with moments in 8 bits on a flat parameter',
  unsupported: (_inputs, { blocksize }) => unsupportedBlock(blocksize),
  forward: (inputs, params) => {
    const rule = ruleFor(inputs, params);
    return outputsOf(inputs, rule.step(parameterOf(inputs), inputs.grad.data, params.step));
  },
  acceptance: (inputs, _outputs, params, arithmetic) => {
    const rule = ruleFor(inputs, params);
    const errors = rule.bound(parameterOf(inputs), inputs.grad.data, params.step, {}, arithmetic);
    const param = { kind: 'within', bound: errors['param'] as Float64Array } as const;
    return { param, ...rule.accepts?.(errors) } as OutputsOf<typeof signature, Acceptance>;
  },
  samples: [
    // Whole blocks, one of nine elements, and a tail of one within its last word of codes.
    sample('running', [137], { ...SMALL_BLOCKS, step: 7 }, running(1), ONE),
    // Blocks that fill a workgroup and begin another, where each has sixteen invocations.
    sample('running', [5, 37], { ...LIKE_CUDA, step: 3 }, running(1e-3), SHARED),
    ...[
      sample('fresh', [3], { ...SMALL_BLOCKS, step: 1 }, fresh),
      sample('fresh', [9, 33], { ...GIVEN, step: 1 }, fresh),
      sample('running', [5, 129], { ...GIVEN, step: 7, state_rounding: 'nearest' }, running(1)),
      sample('running', [1024], { ...LIKE_CUDA, step: 1000 }, running(1)),
      sample('running', [64], { ...SMALL_BLOCKS, step: 2, bias_correction: false }, running(1)),
      sample('extreme', [1155], { ...SMALL_BLOCKS, step: 2 }, extreme),
      sample('extreme', [387], { ...LIKE_CUDA, step: 2 }, extreme),
      sample('vanishing', [70], { ...LIKE_CUDA, step: 2 }, vanishing),
    ].map((one) => ({ ...one, tier: 'full' as const })),
  ],
  faults: [
    {
      name: 'coded by the scale of before',
      shader: {
        file: 'optim/adamw8bit_step',
        from: 'block_scale(largest.x)',
        to: 'block_scale(bitcast<u32>(old.x))',
      },
    },
  ],
  plausibleBugs: [
    ...wrongAdamw8bit<ParamsOf<typeof signature>, Inputs>(),
    paramsBug('step counted from 0', (p) => ({ ...p, step: p.step + 1 })),
    paramsBug('lr wrong by 2e-5', (p) => ({ ...p, lr: p.lr * (1 + 2e-5) })),
    inputBug('gradient wrong by 2e-5', 'grad', (x) => x * (1 + 2e-5)),
    inputBug('parameter wrong by 2e-5', 'param', (x) => x * (1 + 2e-5)),
  ],
});
