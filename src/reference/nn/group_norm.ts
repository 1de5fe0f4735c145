import { groupNorm as signature } from '../../vocabulary/nn/group_norm.ts';
import { completed, type GivenParams, type ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import { groupsForeseen } from './norm/channels.steps.ts';
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

const grouping = ({ num_groups, eps }: ParamsOf<typeof signature>): Grouping => ({
  groups: num_groups,
  eps,
});

function sample(params: GivenParams<typeof signature>, draw: Draw): SampleOf<typeof signature> {
  const { label, ...rest } = channelSample(draw);
  return { ...rest, label: { ...label, ...completed(signature, params) }, params };
}

/** torch.nn.functional.group_norm. */
export const record = defineRecord(signature, {
  summary: 'y = weight * (x - mean) / sqrt(variance + eps) + bias over groups of channels',
  forward: (inputs, params) => ({ y: normalized(inputs, grouping(params)) }),
  acceptance: (inputs, _outputs, params, arithmetic) => ({
    y: normalizedWithin(inputs, grouping(params), arithmetic),
  }),
  foreseen: (steps, inputs, params, grads) =>
    grads ? groupsForeseen(steps, inputs, grouping(params), grads.y) : {},
  vjp: (inputs, params, { y }) => normalizedSlopes(inputs, grouping(params), y),
  vjpAcceptance: (inputs, _gradients, params, { y }, arithmetic) =>
    slopesWithin(inputs, grouping(params), y, arithmetic),
  samples: [
    sample({ num_groups: 1 }, { x: [1, 1, 2] }),
    sample({ num_groups: 3 }, { x: [5, 6, 7] }),
    sample({ num_groups: 2 }, { x: [3, 4, 5, 3], weight: false, mean: 10 }),
    sample({ num_groups: 2, eps: 0.01 }, { x: [255, 6], bias: false, scale: 0.01 }),
    sample({ num_groups: 1, eps: 1e-5 }, { x: [2, 3, 11, 10], scale: 0.01 }),
    { ...sample({ num_groups: 2 }, { x: [3, 8], weight: false, bias: false }), tier: 'full' },
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
    paramsBug('all channels in one group', (params) => ({ ...params, num_groups: 1 })),
    paramsBug('eps 1e-6 for 1e-5', (params) => ({ ...params, eps: params.eps / 10 })),
    paramsBug('eps outside of the root', (params) => ({ ...params, eps: params.eps ** 2 })),
    inputBug('x wrong at every second element by 2e-5', 'x', (x, i) =>
      i % 2 ? x * (1 + 2e-5) : x,
    ),
    inputBug('weight wrong by 2e-5', 'weight', (w) => w * (1 + 2e-5)),
    inputBug(
      'weight of the next channel',
      'weight',
      (_w, i, { data }) => data[(i + 1) % data.length] as number,
    ),
    inputBug('bias subtracted', 'bias', (b) => -b),
  ],
});

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => ({ y: computed(gpu, inputs, grouping(params)) }),
  backward: (gpu, inputs, params, { y }) => computedSlopes(gpu, inputs, grouping(params), y),
  samples: [
    sample({ num_groups: 2 }, { x: [3, 4, 64], mean: 3 }),
    sample({ num_groups: 1 }, { x: [2, 16, 64], mean: 1 }),
    sample({ num_groups: 5 }, { x: [300, 10], mean: 3, positive: true }),
    sample({ num_groups: 3 }, { x: [9, 6], positive: true }),
  ],
});
