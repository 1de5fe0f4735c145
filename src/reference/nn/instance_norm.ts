import { instanceNorm as signature } from '../../vocabulary/nn/instance_norm.ts';
import {
  completed,
  type GivenParams,
  type InputsOf,
  type ParamsOf,
} from '../../vocabulary/signature.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import { instancesForeseen } from './norm/channels.steps.ts';
import {
  channelSample,
  computed,
  computedSlopes,
  type Draw,
  type Grouping,
  normalized,
  normalizedSlopes,
  normalizedWithin,
  slopesWithin,
} from './norm/channels.ts';

/** Each channel is a group. */
const grouping = (
  { x }: InputsOf<typeof signature, Value>,
  { eps }: ParamsOf<typeof signature>,
): Grouping => ({ groups: x.shape[1] as number, eps });

function sample(
  draw: Draw,
  params: GivenParams<typeof signature> = {},
): SampleOf<typeof signature> {
  const { label, ...rest } = channelSample(draw);
  return { ...rest, label: { ...label, eps: completed(signature, params).eps }, params };
}

/** torch.nn.functional.instance_norm. */
export const record = defineRecord(signature, {
  summary: 'y = weight * (x - mean) / sqrt(variance + eps) + bias over each channel of a sample',
  unsupported: (_inputs, { use_input_stats }) =>
    use_input_stats ? undefined : 'running statistics, which are those of batch_norm',
  forward: (inputs, params) => ({ y: normalized(inputs, grouping(inputs, params)) }),
  acceptance: (inputs, _outputs, params, arithmetic) => ({
    y: normalizedWithin(inputs, grouping(inputs, params), arithmetic),
  }),
  foreseen: (steps, inputs, params, grads) =>
    instancesForeseen(steps, inputs, grouping(inputs, params), grads?.y),
  vjp: (inputs, params, { y }) => normalizedSlopes(inputs, grouping(inputs, params), y),
  vjpAcceptance: (inputs, _gradients, params, { y }, arithmetic) =>
    slopesWithin(inputs, grouping(inputs, params), y, arithmetic),
  samples: [
    sample({ x: [2, 3, 5, 7] }),
    sample({ x: [3, 1, 19], bias: false, mean: 10 }),
    sample({ x: [2, 5, 300], weight: false, bias: false, scale: 0.01 }, { eps: 1e-3 }),
    sample({ x: [5, 2, 8], scale: 0.01 }),
    sample({ x: [7, 3, 2], weight: false }),
    sample({ x: [7, 2, 3] }),
  ],
  faults: [
    {
      name: 'results that are too large by half',
      shader: { file: 'nn/rstd', from: 'inverseSqrt(x + eps)', to: '1.5 * inverseSqrt(x + eps)' },
    },
    {
      name: 'products that are one too large',
      direction: 'backward',
      shader: { file: 'math/mul', from: 'return a * b;', to: 'return a * b + 1.0;' },
    },
  ],
  plausibleBugs: [
    paramsBug('eps 1e-6 for 1e-5', (params) => ({ ...params, eps: params.eps / 10 })),
    paramsBug('eps outside of the root', (params) => ({ ...params, eps: params.eps ** 2 })),
    inputBug('x wrong at every second element by 2e-5', 'x', (x, i) =>
      i % 2 ? x * (1 + 2e-5) : x,
    ),
    inputBug('weight wrong by 2e-5', 'weight', (w) => w * (1 + 2e-5)),
    inputBug('bias subtracted', 'bias', (b) => -b),
  ],
});

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => ({ y: computed(gpu, inputs, grouping(inputs, params)) }),
  backward: (gpu, inputs, params, { y }) =>
    computedSlopes(gpu, inputs, grouping(inputs, params), y),
  samples: [
    sample({ x: [3, 4, 64], mean: 3 }),
    sample({ x: [2, 2, 16, 64], mean: 1, positive: true }),
    sample({ x: [1, 9, 2] }),
    sample({ x: [1, 300, 3], positive: true }),
  ],
});
