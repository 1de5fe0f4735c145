import type { DType } from '../../tensor/dtype.ts';
import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { rint } from '../../tensor/rint.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { sparseTernarize as signature } from '../../vocabulary/quant/sparse_ternarize.ts';
import { channelShape } from '../../vocabulary/shapes.ts';
import type { InputsOf, OutputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';

/** The places of the smallest magnitudes are those of a stable sort. */
function forward(
  { weight: { shape, data } }: InputsOf<typeof signature, Value>,
  { amount, per_channel }: ParamsOf<typeof signature>,
): OutputsOf<typeof signature, Value> {
  const own = per_channel ? channelShape(shape) : [1];
  const width = data.length / sizeOf(own);
  const zeros = rint(amount * width);
  const trits = data.map(Math.sign);
  const thresholds = Float64Array.from({ length: sizeOf(own) }, (_, row) => {
    const places = Array.from({ length: width }, (_place, i) => row * width + i);
    const size = (i: number) => Math.abs(data[i] as number);
    const dropped = places.sort((a, b) => size(a) - size(b)).slice(0, zeros);
    for (const i of dropped) trits[i] = 0;
    return dropped.length === 0 ? 0 : size(dropped.at(-1) as number);
  });
  return { trits: { shape, data: trits }, threshold: { shape: own, data: thresholds } };
}

interface Description {
  readonly dtype?: DType;
  readonly channels?: boolean;
  readonly values?: string;
  readonly draw?: (random: Random, i: number) => number;
}

function sample(
  shape: Shape,
  amount: number,
  { dtype = 'f32', channels = false, values, draw }: Description = {},
): SampleOf<typeof signature> {
  return {
    level: 'exact',
    label: {
      weight: formatShape(shape),
      ...(dtype === 'f32' ? {} : { dtype }),
      amount,
      ...(channels ? { channels } : {}),
      ...(values ? { values } : {}),
    },
    params: { amount, per_channel: channels },
    inputs: (random) => ({
      weight: filledTensor(dtype, shape, (i) => draw?.(random, i) ?? random.normal(0.05)),
    }),
  };
}

/** A few sizes of either sign, many of them equal. */
const few = (random: Random): number => random.integer(-3, 3) / 4;

/** Denormals, the largest floats and zeros of either sign. */
const extremes = (random: Random, i: number): number =>
  random.uniform(0.5, 1) * ([1e-42, -1e-40, 3e38, -3e38, 0, -0, 1][i % 7] as number);

/** Exactly the smallest magnitudes become 0. */
export const record = defineRecord(signature, {
  summary: 'signs of weights, and 0 for the share `amount` with the smallest magnitudes',
  forward,
  acceptance: () => ({ trits: { kind: 'exact' }, threshold: { kind: 'exact' } }),
  samples: [
    sample([1], 1),
    sample([1], 0.4),
    sample([37, 53], 0.3),
    sample([1001], 0.5, { values: 'few', draw: few }),
    sample([9, 67], 0.7, { channels: true, values: 'few', draw: few }),
    sample([70, 6], 0.5, { channels: true }),
    sample([13], 0.9, { values: 'equal', draw: (_, i) => (i % 2 ? -2 : 2) }),
    sample([3, 7], 0.6, { channels: true, values: 'extremes', draw: extremes }),
    sample([5, 4], 0, { channels: true }),
    sample([6, 11], 1),
    // More than a group of a row, with ties on both sides of its end.
    sample([2, 4400], 0.55, { channels: true, values: 'few', draw: few }),
  ],
  faults: [
    {
      name: 'what should be 0 kept',
      shader: { file: 'quant/sparse_encode', from: 'magnitude > limit', to: 'magnitude <= limit' },
      also: [
        { shader: { file: 'quant/ternary_encode', from: 'abs(x) > limit', to: 'abs(x) <= limit' } },
      ],
    },
  ],
  plausibleBugs: [
    paramsBug('a share wrong by 0.02', (params) => ({
      ...params,
      amount: Math.max(0, params.amount - 0.02),
    })),
    paramsBug('one threshold for all channels', (params) => ({ ...params, per_channel: false })),
    inputBug('signs lost', 'weight', Math.abs),
    inputBug('neighbours swapped', 'weight', (w, i, { data }) => data[i ^ 1] ?? w),
    inputBug('last element dropped', 'weight', (w, i, { data }) => (i === data.length - 1 ? 0 : w)),
  ],
});
