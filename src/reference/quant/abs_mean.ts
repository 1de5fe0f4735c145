import type { DType } from '../../tensor/dtype.ts';
import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { absMean as signature } from '../../vocabulary/quant/abs_mean.ts';
import { channelShape } from '../../vocabulary/shapes.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { FLUSH, gamma, SECOND_ORDER } from '../bounds.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

/** The magnitudes that each mean is taken of. */
export function keptOf(
  { weight, limit }: Inputs,
  { per_channel }: Params,
): { readonly shape: Shape; readonly width: number; readonly kept: readonly Float64Array[] } {
  const shape = per_channel ? channelShape(weight.shape) : [1];
  const width = weight.data.length / sizeOf(shape);
  const kept = Array.from({ length: sizeOf(shape) }, (_, row) =>
    weight.data
      .subarray(row * width, (row + 1) * width)
      .map(Math.abs)
      .filter((size) => !limit || size > (limit.data[row] as number)),
  );
  return { shape, width, kept };
}

interface Description {
  readonly dtype?: DType;
  readonly params?: Partial<Params>;
  readonly limit?: number;
}

function sample(
  shape: Shape,
  { dtype = 'f32', params = {}, limit }: Description = {},
): SampleOf<typeof signature> {
  const rows = params.per_channel ? channelShape(shape) : [1];
  const filled = (type: DType, of: Shape, _random: Random, draw: () => number) =>
    filledTensor(type, of, draw);
  return {
    level: 'legal',
    label: {
      weight: formatShape(shape),
      ...(dtype === 'f32' ? {} : { dtype }),
      ...params,
      ...(limit === undefined ? {} : { limit: 'drawn' }),
    },
    params,
    inputs: (random) => ({
      weight: filled(dtype, shape, random, () => random.normal(0.05)),
      ...(limit === undefined
        ? {}
        : { limit: filled('f32', rows, random, () => limit * random.uniform(0.5, 1.5)) }),
    }),
  };
}

/** The thresholds and scales of ternary weights, of whole tensors and of channels. */
export const record = defineRecord(signature, {
  summary: 'factor times the mean |w| of what exceeds a limit, of a tensor or of each channel',
  forward: (inputs, params) => {
    const { shape, kept } = keptOf(inputs, params);
    const factor = Math.fround(params.factor);
    const mean = (sizes: Float64Array) =>
      (factor * sizes.reduce((sum, size) => sum + size, 0)) / Math.max(1, sizes.length);
    return { mean: { shape, data: Float64Array.from(kept, mean) } };
  },
  // The sum's roundings, a division (2.5), the factor and the conversion of a large count.
  acceptance: (inputs, { mean }, params, { depth }) => {
    const { width } = keptOf(inputs, params);
    const relative = gamma(depth(width) + 4.5) * SECOND_ORDER;
    return { mean: { kind: 'within', bound: mean.data.map((y) => relative * y + 2 * FLUSH) } };
  },
  samples: [
    sample([1]),
    sample([37, 53], { params: { factor: 0.7 } }),
    sample([130, 257], { limit: 0.05 }),
    sample([64, 3, 3, 3], { params: { factor: 0.7, per_channel: true } }),
    sample([5, 300], { params: { per_channel: true }, limit: 0.05 }),
    sample([2, 1100], { params: { per_channel: true } }),
    sample([33, 65], { dtype: 'f16', params: { per_channel: true } }),
    sample([3, 4], { limit: 9 }),
    // More rows than one dimension of a grid takes.
    { ...sample([65537, 2], { params: { per_channel: true } }), tier: 'full' },
  ],
  faults: [
    {
      name: 'means larger by 1',
      shader: {
        file: 'quant/mean_of_partials',
        from: 'mean[row] = sizes.factor',
        to: 'mean[row] = 1.0 + sizes.factor',
      },
    },
  ],
  plausibleBugs: [
    paramsBug('factor wrong by 1e-3', (params) => ({ ...params, factor: params.factor * 1.001 })),
    inputBug('weights wrong by 2e-5', 'weight', (w) => w * (1 + 2e-5)),
    inputBug('last element dropped', 'weight', (w, i, { data }) => (i === data.length - 1 ? 0 : w)),
    inputBug('no limit', 'limit', () => 0),
    inputBug("the neighbour's limit", 'limit', (limit, i, { data }) => data[i ^ 1] ?? limit / 2),
  ],
});
