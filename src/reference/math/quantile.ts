import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { quantile as signature } from '../../vocabulary/math/quantile.ts';
import { channelShape } from '../../vocabulary/shapes.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';

type Params = ParamsOf<typeof signature>;

interface Place {
  readonly low: number;
  readonly high: number;
  readonly share: number;
}

/** The two neighbours in order around the place q (n - 1) of each row, and how far it lies. */
function places({ shape, data }: Value, params: Params): { shape: Shape; rows: readonly Place[] } {
  const outer = params.per_channel ? channelShape(shape) : [1];
  const width = data.length / sizeOf(outer);
  const place = params.q * (width - 1);
  const rank = Math.floor(place);
  const rows = Array.from({ length: sizeOf(outer) }, (_, row): Place => {
    const own = data.slice(row * width, (row + 1) * width);
    const sorted = (params.absolute ? own.map(Math.abs) : own).sort();
    const low = sorted[rank] as number;
    return { low, high: sorted[rank + 1] ?? low, share: place - rank };
  });
  return { shape: outer, rows };
}

/** The share is rounded; the difference, its product and the sum round once each. */
function boundOf({ low, high, share }: Place): number {
  const step = share * (high - low);
  if (step === 0) return 0;
  return (3 * EPS * step + EPS * Math.abs(low + step)) * SECOND_ORDER + 4 * FLUSH;
}

/** The i-th of n values. */
const VALUES = {
  normal: (random) => random.normal(),
  few: (random) => random.integer(-3, 3),
  wide: (random) => random.normal() * 2 ** random.integer(-90, 90),
  zeros: (random) => [-1, -0, 0, 1][random.integer(0, 3)] as number,
  ascending: (_, i, n) => i - n / 2,
} as const satisfies Record<string, (random: Random, i: number, n: number) => number>;

function sample(
  x: Shape,
  params: Pick<Params, 'q'> & Partial<Params>,
  values: keyof typeof VALUES = 'normal',
): SampleOf<typeof signature> {
  const n = sizeOf(x);
  return {
    level: 'legal',
    label: { x: formatShape(x), ...params, ...(values === 'normal' ? {} : { values }) },
    params,
    inputs: (random) => ({
      x: hostTensorFrom(
        'f32',
        x,
        Float64Array.from({ length: n }, (_, i) => VALUES[values](random, i, n)),
      ),
    }),
  };
}

/** torch.quantile of a whole tensor, or of its channels. */
export const record = defineRecord(signature, {
  summary: 'y = the element of x at the share q of the sorted ones, linear between two',
  forward: ({ x }, params) => {
    const { shape, rows } = places(x, params);
    const y = ({ low, high, share }: Place) => low + share * (high - low);
    return { y: { shape, data: Float64Array.from(rows, y) } };
  },
  acceptance: ({ x }, _outputs, params) => ({
    y: { kind: 'within', bound: Float64Array.from(places(x, params).rows, boundOf) },
  }),
  samples: [
    sample([1], { q: 0.7 }),
    sample([2], { q: 0.5, absolute: true }),
    sample([257], { q: 0 }),
    sample([257], { q: 1 }),
    sample([1000], { q: 0.7, absolute: true }),
    sample([70, 33], { q: 0.3, per_channel: true }),
    sample([4100], { q: 0.25 }, 'few'),
    sample([3, 1400], { q: 0.9, absolute: true, per_channel: true }, 'wide'),
    sample([8193], { q: 0.01 }, 'wide'),
    sample([400], { q: 0.1 }, 'zeros'),
    sample([400], { q: 0.6 }, 'zeros'),
    // The next larger element is the last of all.
    sample([128], { q: 0.995 }, 'ascending'),
    // It is found among the last of four, and among the second.
    sample([256], { q: 0.75 }, 'ascending'),
    sample([256], { q: 0.39 }, 'ascending'),
  ],
  faults: [
    {
      name: 'larger by a thousandth, at least of 1',
      shader: {
        file: 'math/quantile',
        from: 'y[row] = low + step;',
        to: 'y[row] = low + step + 1e-3 * max(1.0, abs(low));',
      },
    },
  ],
  plausibleBugs: [
    paramsBug('q further by 1e-3', (params) => ({
      ...params,
      q: params.q > 0.5 ? params.q - 1e-3 : params.q + 1e-3,
    })),
    paramsBug('signs forgotten, or kept', (params) => ({ ...params, absolute: !params.absolute })),
    inputBug('last element dropped', 'x', (x, i, { data }) => (i === data.length - 1 ? 0 : x)),
    inputBug('x wrong by 2e-5', 'x', (x) => x * (1 + 2e-5)),
  ],
});

export const simulation = defineSimulation(signature, {
  forward: (gpu, { x }, params) => {
    const { shape, rows } = places(x, params);
    const y = ({ low, high, share }: Place) =>
      gpu.mulAdd(Math.fround(share), gpu.sub(high, low), low);
    return { y: { shape, data: Float64Array.from(rows, y) } };
  },
  samples: [sample([4000, 3], { q: 0.7, per_channel: true })],
});
