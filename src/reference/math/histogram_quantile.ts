import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { histogramQuantile as signature } from '../../vocabulary/math/histogram_quantile.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

/** Where the quantile lies: `rank` elements of its bin, of `count`, and a `part` lie before it. */
interface Place {
  readonly low: number;
  readonly high: number;
  readonly rank: number;
  readonly part: number;
  readonly count: number;
}

const sumOf = (counts: Value): number => counts.data.reduce((sum, count) => sum + count, 0);

/** The place q (n - 1), of q in steps of 2^-32, exactly. */
function placeOf({ counts, edges }: Inputs, { q }: Params): Place {
  const place = BigInt(Math.round(q * 2 ** 32)) * BigInt(sumOf(counts) - 1);
  let rank = Number(place >> 32n);
  const bin = counts.data.findIndex((count) => {
    if (rank < count) return true;
    rank -= count;
    return false;
  });
  return {
    low: edges.data[bin] as number,
    high: edges.data[bin + 1] as number,
    rank,
    part: Number(place & 0xffffffffn) / 2 ** 32,
    count: counts.data[bin] as number,
  };
}

const stepOf = ({ low, high, rank, part, count }: Place): number =>
  ((rank + part) / count) * (high - low);

/**
 * Rank, part, their sum and the count round once each, the quotient by three units at most; the
 * width, its product and the sum once each.
 */
function boundOf(place: Place): number {
  const step = stepOf(place);
  const flushed = FLUSH * (4 + (place.high - place.low));
  return (9 * EPS * step + EPS * Math.abs(place.low + step)) * SECOND_ORDER + flushed;
}

/** How many elements a bin has. */
const COUNTS = {
  few: (random) => random.integer(0, 9),
  sparse: (random) => (random.integer(0, 9) === 0 ? random.integer(1, 99) : 0),
  many: (random) => random.integer(2 ** 22, 2 ** 23),
} as const satisfies Record<string, (random: Random) => number>;

function sample(
  bins: number,
  q: number,
  values: keyof typeof COUNTS = 'few',
): SampleOf<typeof signature> {
  return {
    level: 'legal',
    label: { bins, q, ...(values === 'few' ? {} : { values }) },
    params: { q },
    inputs: (random) => ({
      // One of the last bin at least, so that no histogram is empty.
      counts: hostTensorFrom(
        'i32',
        [bins],
        Float64Array.from({ length: bins }, (_, i) =>
          Math.max(COUNTS[values](random), Number(i === bins - 1)),
        ),
      ),
      edges: hostTensorFrom('f32', [bins + 1], random.fill(bins + 1, () => random.normal()).sort()),
    }),
  };
}

/** The quantile of the elements that a histogram counted, as if they lay evenly in their bins. */
export const record = defineRecord(signature, {
  summary: 'y = the value below which the share q of what was counted lies, linear in its bin',
  unsupported: ({ counts }) =>
    sumOf(counts) === 0 ? 'a histogram that counted nothing' : undefined,
  forward: (inputs, params) => {
    const place = placeOf(inputs, params);
    return { y: { shape: [1], data: Float64Array.of(place.low + stepOf(place)) } };
  },
  acceptance: (inputs, _outputs, params) => ({
    y: { kind: 'within', bound: Float64Array.of(boundOf(placeOf(inputs, params))) },
  }),
  samples: [
    sample(1, 0.3),
    sample(3, 0),
    sample(3, 1),
    sample(256, 0.7),
    // Several bins an invocation, and some that have none.
    sample(600, 0.5),
    sample(257, 0.25, 'sparse'),
    sample(1000, 0.9, 'sparse'),
    sample(200, 0.37, 'many'),
  ],
  faults: [
    {
      name: 'an edge too far',
      shader: {
        file: 'math/histogram_quantile',
        from: 'low + offset * (edges[bin + 1u] - low)',
        to: 'edges[bin + 1u] + offset * (edges[bin + 1u] - low)',
      },
    },
  ],
  plausibleBugs: [
    paramsBug('q further by 1e-2', (params) => ({
      q: params.q > 0.5 ? params.q - 1e-2 : params.q + 1e-2,
    })),
    inputBug('edges wrong by 2e-5', 'edges', (edge) => edge * (1 + 2e-5)),
    inputBug('first bin counted twice', 'counts', (count, i) => (i === 0 ? 2 * count : count)),
  ],
});

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => {
    const { low, high, rank, part, count } = placeOf(inputs, params);
    const offset = gpu.div(gpu.add(Math.fround(rank), Math.fround(part)), Math.fround(count));
    return {
      y: { shape: [1], data: Float64Array.of(gpu.mulAdd(offset, gpu.sub(high, low), low)) },
    };
  },
  samples: [sample(400, 0.7), sample(100, 0.4, 'many')],
});
