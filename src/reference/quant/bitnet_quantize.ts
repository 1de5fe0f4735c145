import { formatShape, type Shape } from '../../tensor/shape.ts';
import { bitnetQuantize as signature } from '../../vocabulary/quant/bitnet_quantize.ts';
import type { GivenParams, InputsOf, OutputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, gamma, SECOND_ORDER } from '../bounds.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, Value } from '../record.ts';
import { type DrawnWeight, drawnWeight } from './drawn-weight.ts';
import { nearestOf } from './nearest.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Outputs<T> = OutputsOf<typeof signature, T>;
type Params = ParamsOf<typeof signature>;

/** Half of what weights are divided by: larger ones round to 1. */
const halfOf = (scale: number, { eps }: Params): number => (scale + Math.fround(eps)) / 2;

function forward({ weight: { shape, data } }: Inputs, params: Params): Outputs<Value> {
  const scale = data.reduce((sum, w) => sum + Math.abs(w), 0) / Math.max(1, data.length);
  const half = halfOf(scale, params);
  const trits = data.map((w) => (Math.abs(w) > half ? Math.sign(w) : 0));
  return {
    trits: { shape, data: trits },
    scale: { shape: [1], data: Float64Array.of(scale) },
    dequant: { shape, data: trits.map((t) => t * scale) },
  };
}

/**
 * A mean adds `depth` roundings, a division (2.5), and the conversion of a large count; the divisor
 * rounds once more, and eps may have been in float64. Who divides each weight by it is 2.5 units
 * off. A trit may be either of two where |w| is that near to half of the divisor.
 */
function acceptance(
  { weight: { data } }: Inputs,
  { trits, scale }: Outputs<Value>,
  params: Params,
  { depth }: Arithmetic,
): Outputs<Acceptance> {
  const mean = scale.data[0] as number;
  const half = halfOf(mean, params);
  const off = gamma(depth(data.length) + 4.5) * SECOND_ORDER * mean + 2 * FLUSH;
  const band = off / 2 + 4.5 * EPS * half + FLUSH;
  const open = data.map((w) => Number(Math.abs(Math.abs(w) - half) <= band));
  const right = (i: number): readonly number[] =>
    open[i] === 1 ? [0, Math.sign(data[i] as number)] : [trits.data[i] as number];
  return {
    trits: {
      kind: 'codes',
      accepts: (i, trit) => right(i).includes(trit),
      inBand: open.reduce((sum, x) => sum + x, 0),
    },
    scale: { kind: 'within', bound: Float64Array.of(off) },
    dequant: {
      kind: 'within',
      bound: data.map((_, i) => (right(i).some((t) => t !== 0) ? off + EPS * mean : 0) + FLUSH),
      nearest: (i, actual) =>
        nearestOf(
          right(i).map((t) => t * mean),
          actual,
        ),
    },
  };
}

interface Description extends DrawnWeight {
  readonly params?: GivenParams<typeof signature>;
  readonly values?: string;
}

function sample(
  shape: Shape,
  { dtype = 'f32', params = {}, values, draw }: Description = {},
): SampleOf<typeof signature> {
  return {
    level: 'legal',
    label: {
      weight: formatShape(shape),
      ...(dtype === 'f32' ? {} : { dtype }),
      ...(params.eps ? { eps: params.eps } : {}),
      ...(values ? { values } : {}),
    },
    params,
    inputs: drawnWeight(shape, { dtype, draw }),
  };
}

/** BitNet b1.58 (Ma et al., "The era of 1-bit LLMs", 2024). */
export const record = defineRecord(signature, {
  summary: 'weights as -1, 0 or 1 times their mean size, rounded',
  forward,
  acceptance,
  samples: [
    sample([37, 53]),
    sample([1]),
    sample([5, 7]),
    sample([64]),
    sample([3, 11], { values: 'zeros', draw: () => 0 }),
    // Weights whose size is near that of eps: it decides what becomes of them.
    sample([9, 31], { values: 'small', draw: (random) => random.normal(1e-5) }),
    sample([16, 129], { params: { eps: 0.05 } }),
    sample([130, 257]),
    sample([33, 65], { dtype: 'f16' }),
    sample([7, 19], { dtype: 'bf16' }),
  ],
  faults: [
    {
      name: 'signs turned, and ones for zeros',
      shader: {
        file: 'quant/bitnet_encode',
        from: 'select(vec4f(), sign(w[i])',
        to: 'select(vec4f(1.0), -sign(w[i])',
      },
    },
  ],
  plausibleBugs: [
    paramsBug('no eps', (params) => ({ ...params, eps: Number.MIN_VALUE })),
    inputBug('last element dropped', 'weight', (w, i, { data }) => (i === data.length - 1 ? 0 : w)),
    inputBug('signs lost', 'weight', Math.abs),
    inputBug('weights wrong by 2e-5', 'weight', (w) => w * (1 + 2e-5)),
    inputBug('neighbours swapped', 'weight', (w, i, { data }) => data[i ^ 1] ?? w),
  ],
});
