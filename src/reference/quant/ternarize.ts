import type { DType } from '../../tensor/dtype.ts';
import { filledTensor, hostTensorFrom } from '../../tensor/host.ts';
import { philox } from '../../tensor/philox.ts';
import { wordsOf } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { ternarize as signature } from '../../vocabulary/quant/ternarize.ts';
import { channelShape } from '../../vocabulary/shapes.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH } from '../bounds.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';

/** The limit of each element: its threshold, or with a seed a share of two of them. */
function limitsOf(
  { weight, threshold }: InputsOf<typeof signature, Value>,
  { seed }: ParamsOf<typeof signature>,
): Float64Array {
  const width = weight.data.length / threshold.data.length;
  const own = weight.data.map((_, i) => threshold.data[Math.floor(i / width)] as number);
  if (seed === undefined) return own;
  const key = wordsOf(seed);
  return own.map((limit, i) => {
    const word = philox([Math.floor(i / 4), 0, 0, 0], key)[i % 4] as number;
    return limit * (word >>> 8) * 2 ** -23;
  });
}

interface Description {
  readonly dtype?: DType;
  readonly params?: { readonly seed?: number };
  readonly thresholds?: 'each' | number;
  readonly values?: readonly number[];
}

function sample(
  shape: Shape,
  { dtype = 'f32', params = {}, thresholds = 0.33, values }: Description = {},
): SampleOf<typeof signature> {
  const one = thresholds === 'each' ? 0.33 : thresholds;
  const channels = thresholds === 'each' ? channelShape(shape) : [1];
  return {
    level: params.seed === undefined ? 'exact' : 'legal',
    label: {
      weight: formatShape(shape),
      ...(dtype === 'f32' ? {} : { dtype }),
      threshold: thresholds,
      ...params,
      ...(values ? { values: 'corners' } : {}),
    },
    params,
    inputs: (random) => ({
      weight: hostTensorFrom(
        dtype,
        shape,
        values ?? random.fill(sizeOf(shape), () => random.normal()),
      ),
      threshold: filledTensor('f32', channels, () =>
        thresholds === 'each' ? one * random.uniform(0.5, 2) : one,
      ),
    }),
  };
}

/** On a threshold of 0.5, one step to either side of it, and zeros. */
const CORNERS = [
  0.5,
  -0.5,
  0.5 - 2 ** -25,
  2 ** -25 - 0.5,
  0.5 + 2 ** -24,
  -0.5 - 2 ** -24,
  0,
  -0,
  1e30,
  -1e30,
];

/** The trits of a given threshold. */
export const record = defineRecord(signature, {
  summary: 'the sign of w where |w| exceeds the threshold, else 0',
  forward: (inputs, params) => {
    const limits = limitsOf(inputs, params);
    const { shape, data } = inputs.weight;
    const trit = (w: number, i: number) => (Math.abs(w) > (limits[i] as number) ? Math.sign(w) : 0);
    return { trits: { shape, data: data.map(trit) } };
  },
  // A limit that was drawn is a product, which rounds.
  acceptance: (inputs, { trits }, params) => {
    if (params.seed === undefined) return { trits: { kind: 'exact' } };
    const limits = limitsOf(inputs, params);
    const { data } = inputs.weight;
    const isOpen = (w: number, i: number) => {
      const limit = limits[i] as number;
      return Math.abs(Math.abs(w) - limit) <= EPS * limit + FLUSH;
    };
    const open = Array.from(data, isOpen);
    return {
      trits: {
        kind: 'codes',
        accepts: (i, trit) =>
          trit === trits.data[i] ||
          (open[i] === true && (trit === 0 || trit === Math.sign(data[i] as number))),
        inBand: open.filter(Boolean).length,
      },
    };
  },
  samples: [
    sample([10], { thresholds: 0.5, values: CORNERS }),
    sample([37, 53]),
    sample([1]),
    sample([64, 3, 3, 3], { thresholds: 'each' }),
    sample([33, 65], { dtype: 'f16' }),
    sample([9, 31], { dtype: 'bf16', thresholds: 'each' }),
    sample([5, 7, 9], { params: { seed: 7 } }),
    sample([1025], { params: { seed: 2 ** 33 + 1 }, thresholds: 0.7 }),
  ],
  faults: [
    {
      name: 'small weights kept, large ones dropped',
      shader: { file: 'quant/ternary_encode', from: 'abs(x) > limit', to: 'abs(x) <= limit' },
    },
  ],
  plausibleBugs: [
    inputBug('signs lost', 'weight', Math.abs),
    inputBug('threshold half as large', 'threshold', (t) => t / 2),
    inputBug("the neighbour's threshold", 'threshold', (t, i, { data }) => data[i ^ 1] ?? t),
    paramsBug('another seed', ({ seed, ...params }) =>
      seed === undefined ? params : { ...params, seed: seed + 1 },
    ),
  ],
});
