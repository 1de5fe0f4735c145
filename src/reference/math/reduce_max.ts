import { hostTensorFrom } from '../../tensor/host.ts';
import { reduceMax as signature } from '../../vocabulary/math/reduce_max.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import { brokenLargest } from './broken-largest.ts';
import {
  groupsOf,
  integerSample,
  reduced,
  reducePlausibleBugs,
  reduceSample,
  reduceSamples,
} from './reduction.ts';

/** A NaN is larger than all. */
const maximumOf = (terms: readonly number[]): number =>
  terms.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);

/** dy over the number of equal maxima, at each of them. */
function gradientOf(
  x: Value,
  params: ParamsOf<typeof signature>,
  { data: dy }: Value,
  share: (dy: number, ties: number) => number,
): Value {
  const groups = groupsOf(x.shape, params);
  const largest = reduced(groups, x, maximumOf).data;
  const shares = reduced(
    groups,
    x,
    (terms) => terms.filter((value) => value === maximumOf(terms)).length,
  ).data.map((ties, i) => share(dy[i] as number, ties));
  const data = x.data.map((value, i) => {
    const element = groups.owner[i] as number;
    return value === largest[element] ? (shares[element] as number) : 0;
  });
  return { shape: x.shape, data };
}

/**
 * Values that only the bits tell apart, signs, infinities, denormals, and a NaN that no other
 * number hides.
 */
const CORNERS = [
  [-1, -2, -1.0000001, -3],
  [0, -0, -1e-30, -2],
  [Number.NEGATIVE_INFINITY, -3.4e38, -3.3e38, Number.NEGATIVE_INFINITY],
  [3.4e38, Number.POSITIVE_INFINITY, 1, 2],
  [2 ** -149, 0, -(2 ** -149), 2 ** -148],
  [-(2 ** -149), -(2 ** -148), -(2 ** -126), -1],
  [5, 5, 4, 5],
];
/** Integers that float32 does not tell apart, and the lowest. */
const NEIGHBOURS = [16777216, -16777217, -(2 ** 31), -16777216, 16777217, 3, 0] as const;

const corners: SampleOf<typeof signature> = {
  level: 'exact',
  label: { x: '7x4', axes: '1', values: 'corners' },
  params: { axes: [1] },
  inputs: () => ({ x: hostTensorFrom('f32', [CORNERS.length, 4], CORNERS.flat()) }),
};

/** torch.amax. */
export const record = defineRecord(signature, {
  summary: 'y = maximum of x along axes',
  forward: (inputs, params) => ({
    y: reduced(groupsOf(inputs.x.shape, params), inputs.x, maximumOf),
  }),
  acceptance: () => ({ y: { kind: 'exact' } }),
  vjp: (inputs, params, grads) => ({
    x: gradientOf(inputs.x, params, grads.y, (dy, ties) => dy / ties),
  }),
  // A division; by 1 too, since WGSL does not make that exact.
  vjpAcceptance: (_inputs, gradients) => ({
    x: {
      kind: 'within',
      bound: (gradients.x as Value).data.map(
        (dx) => 2.5 * EPS * Math.abs(dx) + (dx === 0 ? 0 : 3 * FLUSH),
      ),
    },
  }),
  samples: [
    ...reduceSamples('legal'),
    corners,
    reduceSample({
      level: 'exact',
      x: [4, 4, 4],
      axes: [0, 2],
      element: (random) => random.integer(0, 2),
      note: 'ties',
      backward: false,
    }),
    reduceSample({ x: [2, 300, 3], axes: [-2], keepdims: false }),
    integerSample('i32', [2, 260, 3], 1, NEIGHBOURS),
    integerSample('u8', [5, 13], 1, [255, 128, 127, 0]),
    { ...integerSample('i8', [13, 5], 0, [-128, -1, -3]), tier: 'full' },
  ],
  faults: [
    {
      name: 'one below',
      ...brokenLargest('bits_of(best.keys.x)', 'bits_of(best.keys.x - 1u)'),
    },
    {
      name: 'all but the largest',
      direction: 'backward',
      shader: {
        file: 'math/reduce_max_backward',
        from: 'vec4f(), vec4f(1.0)',
        to: 'vec4f(1.0), vec4f()',
      },
    },
  ],
  plausibleBugs: [
    ...reducePlausibleBugs().filter(({ name }) => name !== 'last element dropped'),
    inputBug('minimum', 'x', (x) => -x),
  ],
});

export const simulation = defineSimulation(signature, {
  forward: (_gpu, inputs, params) => ({
    y: reduced(groupsOf(inputs.x.shape, params), inputs.x, maximumOf),
  }),
  backward: (gpu, inputs, params, grads) => ({
    x: gradientOf(inputs.x, params, grads.y, (dy, ties) => gpu.div(dy, ties)),
  }),
  samples: [
    {
      ...reduceSample({
        x: [500, 8],
        axes: [1],
        element: (random) => random.integer(0, 3),
        note: 'ties',
      }),
    },
  ],
});
