import type { DType } from '../../tensor/dtype.ts';
import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { minmaxObserver as signature } from '../../vocabulary/quant/minmax_observer.ts';
import type { InputsOf, OutputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Value } from '../record.ts';
import { scaleOf, scaleShape } from './linear-scale.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

/** The range of each channel of a batch alone. */
export function rangesOf(
  { shape, data }: Value,
  axis: number | undefined,
): { readonly shape: Shape; readonly low: Float64Array; readonly high: Float64Array } {
  const of = axis === undefined ? {} : { axis };
  const own = scaleShape(shape, of);
  const low = new Float64Array(sizeOf(own)).fill(Number.POSITIVE_INFINITY);
  const high = new Float64Array(sizeOf(own)).fill(Number.NEGATIVE_INFINITY);
  for (const [i, x] of data.entries()) {
    const channel = scaleOf(i, shape, of);
    low[channel] = Math.min(low[channel] as number, x);
    high[channel] = Math.max(high[channel] as number, x);
  }
  return { shape: own, low, high };
}

/** What becomes of the two ends of each range, by what they were before. */
function joined(
  { x, min_val, max_val }: Inputs,
  { ch_axis, averaging_constant: share }: Params,
  moved: (from: number, to: number, share: number) => number,
): OutputsOf<typeof signature, Value> {
  const { shape, low, high } = rangesOf(x, ch_axis);
  const end = (
    own: Float64Array,
    before: Value | undefined,
    wider: (a: number, b: number) => number,
  ) => ({
    shape,
    data: own.map((to, i) => {
      if (!before) return to;
      const from = before.data[i] as number;
      return share === undefined ? wider(from, to) : moved(from, to, Math.fround(share));
    }),
  });
  return { min_val: end(low, min_val, Math.min), max_val: end(high, max_val, Math.max) };
}

const forward = (inputs: Inputs, params: Params) =>
  joined(inputs, params, (from, to, share) => from + share * (to - from));

/** A difference, its product with the share and the sum round once each. */
function acceptance(inputs: Inputs, _outputs: unknown, params: Params) {
  if (params.averaging_constant === undefined || !inputs.min_val)
    return { min_val: { kind: 'exact' }, max_val: { kind: 'exact' } } as const;
  const bounds = joined(inputs, params, (from, to, share) => {
    const step = share * (to - from);
    const result = Math.abs(from + step);
    return (2 * EPS * Math.abs(step) + EPS * result) * SECOND_ORDER + 4 * FLUSH;
  });
  const within = ({ data }: Value): Acceptance => ({ kind: 'within', bound: data });
  return { min_val: within(bounds.min_val), max_val: within(bounds.max_val) };
}

interface Description {
  readonly dtype?: DType;
  readonly params?: { readonly [Name in keyof Params]?: number };
  /** Whether a batch came before. */
  readonly running?: boolean;
  readonly values?: string;
  readonly draw?: (random: Random, i: number) => number;
}

function sample(
  shape: Shape,
  { dtype = 'f32', params = {}, running = false, values, draw }: Description = {},
): SampleOf<typeof signature> {
  const { ch_axis: axis, averaging_constant: share } = params;
  const own = scaleShape(shape, axis === undefined ? {} : { axis });
  const ends = (random: Random, sign: number) =>
    filledTensor('f32', own, () => sign * random.uniform(0.5, 3));
  return {
    level: running && share !== undefined ? 'legal' : 'exact',
    label: {
      x: formatShape(shape),
      ...(dtype === 'f32' ? {} : { dtype }),
      ...params,
      ...(running ? { running } : {}),
      ...(values ? { values } : {}),
    },
    params,
    inputs: (random) => ({
      x: filledTensor(dtype, shape, (i) => draw?.(random, i) ?? random.normal()),
      ...(running ? { min_val: ends(random, -1), max_val: ends(random, 1) } : {}),
    }),
  };
}

/** Rows of zeros, of denormals of one sign, of the largest floats and of one number. */
function extremes(random: Random, i: number): number {
  const size = [0, 1e-42, -1e-40, 3e38, -3e38, 1][i % 6] as number;
  return Math.abs(size) === 1 ? size : size * random.uniform(0.5, 1);
}

/** torch.ao.quantization's MinMaxObserver and its kin. */
export const record = defineRecord(signature, {
  summary: 'the range of a batch and of those before it, of a tensor or of each channel',
  forward,
  acceptance,
  samples: [
    sample([1]),
    sample([37], { running: true }),
    sample([5, 6], { params: { ch_axis: 1 }, values: 'extremes', draw: extremes }),
    sample([7, 3], { values: 'negative', draw: (random) => -random.uniform(1, 2) }),
    sample([9, 5], { params: { ch_axis: -1 }, running: true }),
    sample([9, 9], { params: { ch_axis: 1 } }),
    sample([3, 9, 7], { params: { ch_axis: 1 }, running: true }),
    sample([128, 5], { params: { ch_axis: 0, averaging_constant: 0.01 }, running: true }),
    sample([41], { params: { averaging_constant: 0.25 }, running: true }),
    sample([2, 3], { params: { averaging_constant: 0.25 } }),
    // Two passes over a tensor, and over channels that are kept innermost.
    sample([3, 700]),
    sample([601, 3], { params: { ch_axis: 1 } }),
    sample([5, 9], {
      dtype: 'bf16',
      params: { ch_axis: 0, averaging_constant: 0.5 },
      running: true,
    }),
  ],
  faults: [
    {
      name: 'signs turned',
      shader: { file: 'quant/min_max', from: 'vec2u(low, high)', to: 'vec2u(~low, ~high)' },
    },
  ],
  plausibleBugs: [
    paramsBug('averages ten times as fast', ({ averaging_constant: share, ...params }) => ({
      ...params,
      averaging_constant: share && Math.min(1, 10 * share),
    })),
    paramsBug('another axis', (params) =>
      params.ch_axis === 1 ? { ...params, ch_axis: 0 } : params,
    ),
    inputBug('last element dropped', 'x', (x, i, { data }) => (i === data.length - 1 ? 0 : x)),
    inputBug('signs lost', 'x', Math.abs),
    inputBug('the minimum forgotten', 'min_val', () => 0),
    inputBug('the maximum forgotten', 'max_val', () => 0),
  ],
});

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) =>
    joined(inputs, params, (from, to, share) => gpu.mulAdd(share, gpu.sub(to, from), from)),
});
