import { createDynamicMap } from '../../quant/dynamic/map.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
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
import type { Acceptance, Value } from '../record.ts';
import { adamw8bit } from './adamw8bit.ts';
import type { Parameter, ParameterRule } from './parameter-rule.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

/** The rule of a step with the maps that it is given. */
export function ruleFor({ param, qmap }: Inputs, params: Params): ParameterRule {
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

type Draw = (
  random: Random,
  i: number,
) => Readonly<Record<'param' | 'grad' | 'exp_avg' | 'exp_avg_sq' | 'scale', number>>;

const anyCode = (random: Random) => random.integer(0, 255);

/** Step one: codes and scales are still 0; a seventh of the gradients is 0 too. */
const fresh: Draw = (random) => ({
  param: random.normal(),
  grad: random.integer(0, 6) === 0 ? 0 : random.normal(),
  exp_avg: 0,
  exp_avg_sq: 0,
  scale: 0,
});

/** In the middle of a run, at the size `size` of the gradients. */
const running =
  (size: number): Draw =>
  (random) => ({
    param: random.normal(),
    grad: random.normal(size),
    exp_avg: anyCode(random),
    exp_avg_sq: anyCode(random),
    scale: size * random.uniform(0.5, 1),
  });

/** Blocks from where squares vanish to where they almost overflow, a decade each or more. */
const extreme: Draw = (random, i) => {
  const size = 10 ** (((13 * Math.floor(i / 32)) % 36) - 19);
  return { ...running(size)(random, i), param: random.normal(size) };
};

/**
 * Small negative first moments, which are nearest to 0: gradients and codes that are 0 but for one of
 * each block.
 */
const vanishing: Draw = (random, i) => ({
  param: random.normal(),
  grad: i % 32 === 5 ? 1 : random.normal(1e-7),
  exp_avg: 127,
  exp_avg_sq: 0,
  scale: 1,
});

function sample(
  values: string,
  shape: Shape,
  params: GivenParams<typeof signature>,
  draw: Draw,
  more: Pick<SampleOf<typeof signature>, 'variants' | 'tier'> = {},
): SampleOf<typeof signature> {
  const { blocksize, state_rounding, decay_after_step, step } = completed(signature, params);
  const blocks = Math.ceil(sizeOf(shape) / blocksize);
  return {
    level: 'legal',
    label: {
      ...{ param: formatShape(shape), values, step, block: blocksize, rounding: state_rounding },
      ...(decay_after_step && { decay_after_step }),
    },
    params,
    ...more,
    inputs: (random) => {
      const drawn = Array.from({ length: sizeOf(shape) }, (_, i) => draw(random, i));
      const flat = (name: 'param' | 'grad') =>
        hostTensorFrom(
          'f32',
          shape,
          drawn.map((element) => element[name]),
        );
      const codes = (name: 'exp_avg' | 'exp_avg_sq') =>
        hostTensorFrom(
          'u8',
          shape,
          drawn.map((element) => element[name]),
        );
      const scales = (of: (scale: number) => number) =>
        hostTensorFrom(
          'f32',
          [blocks],
          Array.from({ length: blocks }, (_, j) => of(drawn[j * blocksize]?.scale ?? 0)),
        );
      return {
        param: flat('param'),
        grad: flat('grad'),
        exp_avg: codes('exp_avg'),
        exp_avg_absmax: scales((scale) => scale),
        exp_avg_sq: codes('exp_avg_sq'),
        exp_avg_sq_absmax: scales((scale) => scale ** 2),
        qmap: hostTensorFrom(
          'f32',
          [2, 256],
          [...createDynamicMap(true), ...createDynamicMap(false)],
        ),
      };
    },
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
    paramsBug('beta1 0.8 for 0.9', (p) => ({ ...p, betas: [0.8, p.betas[1]] })),
    paramsBug('beta2 0.99 for 0.999', (p) => ({ ...p, betas: [p.betas[0], 0.99] })),
    paramsBug('eps ten times too large', (p) => ({ ...p, eps: 10 * p.eps })),
    paramsBug('no bias correction', (p) => ({ ...p, bias_correction: !p.bias_correction })),
    paramsBug('no weight decay', (p) => ({ ...p, weight_decay: 0 })),
    paramsBug('lr wrong by 2e-5', (p) => ({ ...p, lr: p.lr * (1 + 2e-5) })),
    paramsBug('step counted from 0', (p) => ({ ...p, step: p.step + 1 })),
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
    inputBug('gradient wrong by 2e-5', 'grad', (x) => x * (1 + 2e-5)),
    inputBug('parameter wrong by 2e-5', 'param', (x) => x * (1 + 2e-5)),
  ],
});
