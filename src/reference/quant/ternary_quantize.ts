import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { ternaryQuantize as signature } from '../../vocabulary/quant/ternary_quantize.ts';
import type { GivenParams, InputsOf, OutputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, gamma, SECOND_ORDER } from '../bounds.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, Value } from '../record.ts';
import { type DrawnWeight, drawnWeight } from './drawn-weight.ts';
import { nearestOf } from './nearest.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Outputs<T> = OutputsOf<typeof signature, T>;

const sum = (x: Float64Array): number => x.reduce((total, value) => total + value, 0);

/**
 * Codes of two bits, trit + 1, the first in the lowest bits; missing trits of the last byte are
 * zeros.
 */
export function packTrits(trits: Float64Array): Float64Array {
  return Float64Array.from({ length: Math.ceil(trits.length / 4) }, (_, b) =>
    [0, 1, 2, 3].reduce((byte, k) => byte + ((trits[4 * b + k] ?? 0) + 1) * 4 ** k, 0),
  );
}

function forward(
  { weight: { shape, data } }: Inputs,
  { threshold_factor }: ParamsOf<typeof signature>,
): Outputs<Value> {
  const threshold = (Math.fround(threshold_factor) * sum(data.map(Math.abs))) / data.length;
  const trits = data.map((w) => (w > threshold ? 1 : w < -threshold ? -1 : 0));
  const kept = data.filter((w) => Math.abs(w) > threshold).map(Math.abs);
  const scale = kept.length > 0 ? sum(kept) / kept.length : 0;
  return {
    trits: { shape, data: trits },
    packed: { shape: [Math.ceil(data.length / 4)], data: packTrits(trits) },
    threshold: { shape: [1], data: Float64Array.of(threshold) },
    scale: { shape: [1], data: Float64Array.of(scale) },
    dequant: { shape, data: trits.map((t) => t * scale) },
  };
}

/**
 * A mean adds `depth` roundings, a division (2.5), the factor and the conversion of a large count.
 * A trit may be either of two where |w| is that near to the threshold; each such element moves the
 * scale's mean by its distance from it, over the number kept.
 */
function acceptance(
  { weight: { data } }: Inputs,
  outputs: Outputs<Value>,
  _params: ParamsOf<typeof signature>,
  { depth }: Arithmetic,
): Outputs<Acceptance> {
  const threshold = outputs.threshold.data[0] as number;
  const scale = outputs.scale.data[0] as number;
  const relative = gamma(depth(data.length) + 4.5) * SECOND_ORDER;
  const band = threshold * relative + FLUSH;
  const open = data.map((w) => Number(Math.abs(Math.abs(w) - threshold) <= band));
  const choices = sum(open);
  const kept = data.filter((w) => Math.abs(w) > threshold).length;
  const scaleBound =
    relative * scale +
    FLUSH +
    (choices * (Math.abs(scale - threshold) + band)) / Math.max(1, kept - choices);
  const trits = outputs.trits.data;
  const isRight = (i: number, trit: number) =>
    i >= data.length
      ? trit === 0
      : trit === trits[i] ||
        (open[i] === 1 && (trit === 0 || trit === Math.sign(data[i] as number)));
  return {
    trits: { kind: 'codes', accepts: isRight, inBand: choices },
    packed: {
      kind: 'codes',
      accepts: (b, byte) =>
        Number.isInteger(byte) &&
        [0, 1, 2, 3].every((k) => isRight(4 * b + k, ((byte >> (2 * k)) & 3) - 1)),
      inBand: choices,
      codes: data.length,
    },
    threshold: { kind: 'within', bound: Float64Array.of(band) },
    scale: { kind: 'within', bound: Float64Array.of(scaleBound) },
    dequant: {
      kind: 'within',
      bound: trits.map((t, i) => (t !== 0 || open[i] ? scaleBound + EPS * scale : 0) + FLUSH),
      nearest: (i, actual) => {
        const signs = open[i] ? [0, Math.sign(data[i] as number)] : [trits[i] as number];
        return nearestOf(
          signs.map((t) => t * scale),
          actual,
        );
      },
    },
  };
}

interface Description extends DrawnWeight {
  readonly params?: GivenParams<typeof signature>;
  readonly values?: string;
}

/** Weights far from the threshold; those that are kept all have the same size. */
function twoSizes(random: Random): number {
  return [-3, 3, 0, 0.25, -0.25][random.integer(0, 4)] as number;
}

function sample(
  level: 'exact' | 'legal',
  shape: Shape,
  { dtype = 'f32', params = {}, values, draw }: Description = {},
): SampleOf<typeof signature> {
  return {
    level,
    label: {
      weight: formatShape(shape),
      ...(dtype === 'f32' ? {} : { dtype }),
      ...(params.threshold_factor ? { factor: params.threshold_factor } : {}),
      ...(values ? { values } : {}),
    },
    params,
    inputs: drawnWeight(shape, { dtype, draw }),
  };
}

/**
 * Ternary weight quantization by a threshold of 0.7 mean |w| (Li, Zhang and Liu, "Ternary weight
 * networks", 2016).
 */
export const record = defineRecord(signature, {
  summary:
    'weights as -1, 0 or 1 times one scale, by a threshold of 0.7 mean |w|, packed four a byte',
  forward,
  acceptance,
  samples: [
    // Sums are exact in these two, but no quotient needs to be: WGSL grants a division 2.5 ulp
    // whatever its operands are.
    sample('legal', [37, 53], { values: 'two-sizes', draw: twoSizes }),
    sample('legal', [3, 11], { values: 'zeros', draw: () => 0 }),
    sample('legal', [1]),
    sample('legal', [5, 7]),
    sample('legal', [130, 257]),
    sample('legal', [33, 65], { dtype: 'f16' }),
    sample('legal', [16, 129], { params: { threshold_factor: 1.25 } }),
  ],
  faults: [
    {
      name: 'small weights kept, large ones dropped',
      shader: { file: 'quant/ternary_encode', from: 'abs(x) > limit', to: 'abs(x) <= limit' },
    },
  ],
  plausibleBugs: [
    paramsBug('factor 0.75 for 0.7', (params) => ({
      ...params,
      threshold_factor: params.threshold_factor + 0.05,
    })),
    inputBug('last element dropped', 'weight', (w, i, { data }) => (i === data.length - 1 ? 0 : w)),
    inputBug('signs lost', 'weight', Math.abs),
    inputBug('weights wrong by 2e-5', 'weight', (w) => w * (1 + 2e-5)),
    inputBug('neighbours swapped', 'weight', (w, i, { data }) => data[i ^ 1] ?? w),
  ],
});
