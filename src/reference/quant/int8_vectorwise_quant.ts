import type { DType } from '../../tensor/dtype.ts';
import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { int8VectorwiseQuant as signature } from '../../vocabulary/quant/int8_vectorwise_quant.ts';
import type { InputsOf, OutputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, LARGEST } from '../bounds.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, Value } from '../record.ts';
import { apartOf, codeRange, codesOf, listOf, rowsOf } from './vectorwise.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Outputs<T> = OutputsOf<typeof signature, T>;
type Params = ParamsOf<typeof signature>;

const colsOf = ({ x }: Inputs): number => x.shape.at(-1) as number;

/** Results where a party chose codes in the band, or what the threshold means. */
function forwardChosen(
  inputs: Inputs,
  actual: Partial<Outputs<Value>>,
  { threshold }: Params,
): Outputs<Value> {
  const { shape } = inputs.x;
  const cols = colsOf(inputs);
  const { stats, columns, levels } = rowsOf(inputs.x, cols, threshold, actual);
  const statOf = (i: number) => stats[Math.floor(i / cols)] as number;
  const { q, dequant, outlier_cols: list } = actual;
  const decoded = (i: number) =>
    dequant && Math.round(((dequant.data[i] as number) * 127) / statOf(i));
  const codes = codesOf(levels, (i) => q?.data[i] ?? decoded(i));
  return {
    q: { shape, data: codes },
    row_stats: { shape: [stats.length], data: stats },
    outlier_cols: listOf(columns, list?.data.length ?? cols, list),
    dequant: { shape, data: codes.map((code, i) => (code * statOf(i)) / 127) },
  };
}

/** Of rows whose largest is smaller, 127 over it may overflow: their codes stand for as good as 0. */
const LEAST_STAT = 127 / LARGEST;

/** Two products and the 127th round; a 127th that is flushed is multiplied by a code. */
function acceptance(
  inputs: Inputs,
  outputs: Outputs<Value>,
  { threshold }: Params,
  { ieee }: Arithmetic,
): Outputs<Acceptance> {
  const cols = colsOf(inputs);
  const { levels, stats } = rowsOf(inputs.x, cols, threshold, outputs);
  const isOpen = (i: number) => !ieee && (stats[Math.floor(i / cols)] as number) < LEAST_STAT;
  return {
    q: {
      kind: 'codes',
      accepts: (i, code) => {
        if (isOpen(i)) return Number.isInteger(code);
        const { low, high } = codeRange(levels[i] as number, ieee);
        return code === low || code === high;
      },
      inBand: apartOf(levels, ieee).filter((apart, i) => apart > 0 || isOpen(i)).length,
    },
    row_stats: { kind: 'exact' },
    outlier_cols: { kind: 'exact' },
    dequant: {
      kind: 'within',
      bound: outputs.dequant.data.map((y) => 3 * EPS * Math.abs(y) + 129 * FLUSH),
    },
  };
}

interface Description {
  readonly dtype?: DType;
  readonly threshold?: number;
  readonly variant?: 'serial' | 'cooperative';
  readonly values?: string;
  readonly draw?: (random: Random, i: number) => number;
}

function sample(
  shape: Shape,
  { dtype = 'f32', threshold = 0, variant, values, draw }: Description = {},
): SampleOf<typeof signature> {
  return {
    level: 'legal',
    label: {
      x: formatShape(shape),
      ...(dtype === 'f32' ? {} : { dtype }),
      threshold,
      ...(values ? { values } : {}),
    },
    params: { threshold },
    ...(variant ? { variants: [variant] } : {}),
    inputs: (random) => ({
      x: filledTensor(dtype, shape, (i) => draw?.(random, i) ?? random.normal()),
    }),
  };
}

/** One element in forty is an outlier of 6. */
function withOutliers(random: Random): number {
  return random.integer(1, 40) === 1 ? 9 * random.normal() : random.normal();
}

/** Rows of 16 whose largest is 127, so that levels are the elements: many are halves. */
function ties(random: Random, i: number): number {
  return i % 16 === 0 ? -127 : random.integer(-254, 254) / 2;
}

/** Rows of 8 of zeros, of denormals, of the largest floats and of the smallest. */
function extremes(random: Random, i: number): number {
  return random.normal() * ([0, 1e-42, 1e-39, 1e37, 3e-38, 1e-30][Math.floor(i / 8)] as number);
}

/** bitsandbytes.functional.int8_vectorwise_quant, with int8_vectorwise_dequant of what it returns. */
export const record = defineRecord(signature, {
  summary: '8-bit codes of rows, relative to their largest values, without outlier columns',
  forward: (inputs, params) => forwardChosen(inputs, {}, params),
  forwardChosen,
  acceptance,
  samples: [
    sample([37, 53]),
    sample([8, 16], { values: 'ties', draw: ties }),
    sample([6, 8], { values: 'extremes', draw: extremes }),
    sample([7, 37], { dtype: 'f16', threshold: 6, draw: withOutliers }),
    sample([1, 41], { threshold: 6, draw: withOutliers }),
    sample([19], { threshold: 2 }),
    // A threshold that f16 does not hold, with elements beside it.
    sample([5, 6], {
      dtype: 'f16',
      threshold: 3.1,
      values: 'near',
      draw: (random) => 3.1 + random.integer(-2, 2) / 512,
    }),
    sample([3, 5, 11], { dtype: 'bf16', threshold: 1.5 }),
    // Each lane that lists has several words of columns.
    sample([3, 1100], { threshold: 3.5, variant: 'serial' }),
    // Each lane has several rows.
    sample([70, 9], { threshold: 3, variant: 'cooperative' }),
    sample([4, 7], { threshold: 1e-3, values: 'outliers' }),
    sample([3, 64], { dtype: 'f16', threshold: 2 }), // an invocation makes eight words
  ],
  faults: [
    {
      name: 'codes larger by 2',
      shader: {
        file: 'quant/quantize_rows',
        from: 'dot(bytes, ',
        to: '2u | dot(bytes, ',
      },
    },
  ],
  plausibleBugs: [
    paramsBug('outliers beyond the threshold alone', (params) => ({
      threshold: params.threshold * (1 + 2 ** -10),
    })),
    inputBug('x wrong by 2e-5', 'x', (x) => x * (1 + 2e-5)),
    inputBug('signs lost', 'x', Math.abs),
    inputBug('last element dropped', 'x', (x, i, { data }) => (i === data.length - 1 ? 0 : x)),
    inputBug('neighbours swapped', 'x', (x, i, { data }) => data[i ^ 1] ?? x),
  ],
});
