import { filledTensor, hostTensor } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { rangeViolations as signature } from '../../vocabulary/bits/range_violations.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';

const NONE = 2 ** 32 - 1;

interface Ends {
  readonly low?: number;
  readonly high?: number;
}

function sample(shape: Shape, params: Ends): SampleOf<typeof signature> {
  return {
    level: 'exact',
    label: { x: formatShape(shape), ...params },
    params,
    inputs: (random) => ({
      x: filledTensor('f32', shape, () => random.integer(-4, 4)),
    }),
  };
}

/** Zero, denormals, normal numbers, Infinity and NaN. */
const EDGES = [
  ...[0, 1, 0x7fffff, 0x800000, 0x3f800000, 0x7f7fffff],
  ...[0x7f800000, 0x7f800001, 0x7fc00000],
];

/** Numbers at every edge of the floats, with a NaN of each sign among them. */
function edges(params: Ends = {}): SampleOf<typeof signature> {
  const both = EDGES.flatMap((word) => [word, word | 0x80000000]);
  return {
    level: 'exact',
    label: { x: 'edges', ...params },
    params,
    inputs: () => ({
      x: hostTensor('f32', [both.length], new Float32Array(Uint32Array.from(both).buffer)),
    }),
  };
}

/** What a tensor holds that it should not, in whole numbers: exact. */
export const record = defineRecord(signature, {
  summary: 'the number of elements outside of a range, NaN among them, and the first',
  forward: ({ x }, { low, high }) => {
    // An end that is not given is NaN, beyond which nothing lies.
    const least = Math.fround(Number(low));
    const most = Math.fround(Number(high));
    const isOutside = (value: number) => !Number.isFinite(value) || value < least || value > most;
    const first = x.data.findIndex(isOutside);
    const count = x.data.reduce((sum, value) => sum + Number(isOutside(value)), 0);
    return { found: { shape: [2], data: Float64Array.of(count, first < 0 ? NONE : first) } };
  },
  acceptance: () => ({ found: { kind: 'exact' } }),
  samples: [
    sample([1], { low: 5, high: 6 }),
    sample([37, 53], { low: -3, high: 3 }),
    sample([4097], { low: 0, high: 4 }),
    sample([130], { high: 3 }),
    edges(),
    edges({ low: -1, high: 1 }),
    edges({ low: -(2 ** -126), high: 2 ** 100 }),
  ],
  faults: [
    {
      name: 'each counted twice',
      shader: {
        file: 'bits/range_violations',
        from: 'atomicAdd(&found[0], 1u)',
        to: 'atomicAdd(&found[0], 2u)',
      },
    },
  ],
  plausibleBugs: [
    inputBug('signs dropped', 'x', (x) => Math.abs(x)),
    paramsBug('the upper end outside', (params) => ({ ...params, high: (params.high ?? 0) - 1 })),
    paramsBug('the lower end outside', (params) => ({ ...params, low: (params.low ?? 0) + 1 })),
  ],
});
