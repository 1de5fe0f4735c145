import type { DType } from '../../tensor/dtype.ts';
import { heldAs } from '../../tensor/half.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, matrixOf, type Shape, sizeOf } from '../../tensor/shape.ts';
import { linear8bitLt as signature } from '../../vocabulary/quant/linear_8bit_lt.ts';
import type { GradientsOf, InputsOf, OutputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, flushOfProducts, gamma, maxAbs, SECOND_ORDER } from '../bounds.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import type { Foreseen, Steps } from '../foreseen.ts';
import { product } from '../matmul/product.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, Value } from '../record.ts';
import { nearestOf } from './nearest.ts';
import {
  apartOf,
  codeRange,
  codesOf,
  listOf,
  type RowOutputs,
  rowsOf,
  type Vectorwise,
} from './vectorwise.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Outputs<T> = OutputsOf<typeof signature, T>;
type Params = ParamsOf<typeof signature>;
type Chosen = Partial<Outputs<Value>>;

/**
 * What a product of codes stands for, in statistics: exactly, which is what CUDA multiplies by, and
 * as bitsandbytes' code for processors has it.
 */
const SCALE = 1 / 127 ** 2;
const SCALE_ON_CPU = Math.fround(6.200124e-5);

/** Rows of a tensor that was rounded to f16. */
function halfRows(x: Value, threshold: number, actual?: RowOutputs): Vectorwise {
  const data = x.data.map((value) => heldAs('f16', value));
  return rowsOf({ data, dtype: 'f16' }, x.shape.at(-1) as number, threshold, actual);
}

/** Rows of x and of the weight as they are quantized, those of x by the party's threshold. */
function quantized({ x, weight }: Inputs, { threshold }: Params, actual: RowOutputs = {}) {
  return { x: halfRows(x, threshold, actual), weight: halfRows(weight, 0) };
}

const matrix = (data: Float64Array, cols: number): Value => ({
  shape: [cols === 0 ? 0 : data.length / cols, cols],
  data,
});

/** a b^T; of zeros alone, as where no code is in the band, without computing it. */
function timesTransposed(a: Value, b: Value): Float64Array {
  return a.data.some(Boolean) && b.data.some(Boolean)
    ? product(a, b, false, true).data
    : new Float64Array((a.shape[0] as number) * (b.shape[0] as number));
}

const sizes = ({ shape, data }: Value): Value => ({ shape, data: data.map(Math.abs) });

/** Codes times a 127th of their row's statistic. */
function decodedOf({ shape, data }: Value, stats: Float64Array): Value {
  const [, cols] = matrixOf(shape);
  return {
    shape,
    data: data.map((code, i) => (code * (stats[Math.floor(i / cols)] as number)) / 127),
  };
}

/** How far the sums of products of codes may be off where some of these are in the band. */
function slackOf(q: Value, apart: Float64Array, weight: Value, apartOfWeight: Float64Array) {
  const wider = {
    ...weight,
    data: weight.data.map((x, i) => Math.abs(x) + (apartOfWeight[i] as number)),
  };
  const ofRows = timesTransposed({ ...q, data: apart }, wider);
  const ofWeight = timesTransposed(sizes(q), { ...weight, data: apartOfWeight });
  return ofRows.map((x, i) => x + (ofWeight[i] as number));
}

/** The columns of x, as it was given, that are outliers; others are 0. */
function outliersOf({ x }: Inputs, columns: readonly number[]): Value {
  const [rows, cols] = matrixOf(x.shape);
  const kept = new Set(columns);
  return { shape: [rows, cols], data: x.data.map((value, i) => (kept.has(i % cols) ? value : 0)) };
}

/** The parts of y that are added up: of codes, before their scale, and of outliers. */
function partsOf(inputs: Inputs, acc: Float64Array, rows: ReturnType<typeof quantized>, q: Value) {
  const n = rows.weight.stats.length;
  const outer = acc.map(
    (_, i) => (rows.x.stats[Math.floor(i / n)] as number) * (rows.weight.stats[i % n] as number),
  );
  const decoded = decodedOf(q, rows.weight.stats);
  const outliers = outliersOf(inputs, rows.x.columns);
  return { outer, decoded, outliers };
}

/** Results where a party chose codes in the band, or what the threshold means. */
function forwardChosen(inputs: Inputs, actual: Chosen, params: Params): Outputs<Value> {
  const { x, weight, bias } = inputs;
  const rows = quantized(inputs, params, actual);
  const [, cols] = matrixOf(x.shape);
  const q_x = matrix(
    codesOf(rows.x.levels, (i) => actual.q_x?.data[i]),
    cols,
  );
  const q_weight = matrix(
    codesOf(rows.weight.levels, (i) => actual.q_weight?.data[i]),
    cols,
  );
  const exact = timesTransposed(q_x, q_weight);
  const acc = accOf(exact, actual, () =>
    slackOf(q_x, apartOf(rows.x.levels, false), q_weight, apartOf(rows.weight.levels, false)),
  );
  const n = weight.shape[0] as number;
  const { outer, decoded, outliers } = partsOf(inputs, acc, rows, q_weight);
  const apart = timesTransposed(outliers, decoded);
  const y = acc.map(
    (sum, i) =>
      sum * (outer[i] as number) * SCALE + (bias?.data[i % n] ?? 0) + (apart[i] as number),
  );
  const list = actual.outlier_cols;
  return {
    q_weight,
    weight_stats: { shape: [n], data: rows.weight.stats },
    q_x,
    row_stats: { shape: [rows.x.stats.length], data: rows.x.stats },
    outlier_cols: listOf(rows.x.columns, list?.data.length ?? cols, list),
    acc: { shape: [rows.x.stats.length, n], data: acc },
    y: { shape: [...x.shape.slice(0, -1), n], data: y },
  };
}

/** The sums of a party that does not tell its codes, where these may have given them. */
function accOf(exact: Float64Array, { acc, q_x, q_weight }: Chosen, slack: () => Float64Array) {
  if (!acc || (q_x && q_weight)) return exact;
  const most = slack();
  return exact.map((sum, i) => {
    const own = acc.data[i] as number;
    return Number.isInteger(own) && Math.abs(own - sum) <= (most[i] as number) ? own : sum;
  });
}

/** The codes of a level that are right, and no others. */
function codes(levels: Float64Array, ieee: boolean): Acceptance {
  return {
    kind: 'codes',
    accepts: (i, code) => {
      const { low, high } = codeRange(levels[i] as number, ieee);
      return code === low || code === high;
    },
    inBand: apartOf(levels, ieee).filter(Boolean).length,
  };
}

/**
 * Sums of codes are exact, given the codes. Their conversion, the product of the statistics, two
 * products and the scale itself round, then the sum with the bias and that with the outliers. Of
 * these a term is a product, and decoding its weight rounds three times.
 */
function acceptance(
  inputs: Inputs,
  outputs: Outputs<Value>,
  params: Params,
  { ieee }: Arithmetic,
): Outputs<Acceptance> {
  const { bias } = inputs;
  const rows = quantized(inputs, params, outputs);
  const { q_x, q_weight } = outputs;
  const acc = outputs.acc.data;
  const apartOfWeight = apartOf(rows.weight.levels, ieee);
  const slack = slackOf(q_x, apartOf(rows.x.levels, ieee), q_weight, apartOfWeight);
  const { outer, decoded, outliers } = partsOf(inputs, acc, rows, q_weight);
  const size = timesTransposed(sizes(outliers), sizes(decoded));
  const ofBand = timesTransposed(
    sizes(outliers),
    decodedOf({ ...q_weight, data: apartOfWeight }, rows.weight.stats),
  );
  const terms = rows.x.columns.length;
  const n = rows.weight.stats.length;
  const flush = FLUSH * (4 + terms * (2 + 128 * maxAbs(rows.weight.stats)));
  const bound = acc.map((sum, i) => {
    const product = Math.abs(sum) * (outer[i] as number) * SCALE;
    const added = product + Math.abs(bias?.data[i % n] ?? 0);
    const open = (slack[i] as number) * (outer[i] as number) * SCALE + (ofBand[i] as number);
    return (
      (4.5 * EPS * product + 2 * EPS * added + gamma(terms + 5) * (size[i] as number)) *
        SECOND_ORDER +
      open +
      flush
    );
  });
  return {
    q_weight: codes(rows.weight.levels, ieee),
    weight_stats: { kind: 'exact' },
    q_x: codes(rows.x.levels, ieee),
    row_stats: { kind: 'exact' },
    outlier_cols: { kind: 'exact' },
    acc: { kind: 'exact' },
    y: {
      kind: 'within',
      bound,
      nearest: (i, actual) => {
        const y = outputs.y.data[i] as number;
        const moved = (acc[i] as number) * (outer[i] as number) * (SCALE_ON_CPU - SCALE);
        return nearestOf([y, y + moved], actual);
      },
    },
  };
}

/**
 * What bitsandbytes gives in halves: the product of the codes with the bias is stored; with outlier
 * columns also the decoded weight, and then the sum, to which that of the outliers is added before
 * it is stored or after.
 */
function foreseenOf(
  { stored, exactly, add, mul, sum, either }: Steps,
  inputs: Inputs,
  params: Params,
  actual: Chosen,
): readonly Foreseen[] {
  const { q_weight, acc } = forwardChosen(inputs, actual, params);
  const rows = quantized(inputs, params, actual);
  const { bias, x } = inputs;
  const [, k] = matrixOf(x.shape);
  const n = rows.weight.stats.length;
  const at = (data: ArrayLike<number>, i: number) => exactly(Math.fround(data[i] as number));
  const step = exactly(Math.fround(1 / 127));
  return [SCALE, SCALE_ON_CPU].map((scale) =>
    Array.from(acc.data, (_, i) => {
      const row = Math.floor(i / n);
      const col = i % n;
      const statistic = at(rows.weight.stats, col);
      const outer = mul(at(rows.x.stats, row), statistic);
      const ofCodes = mul(mul(at(acc.data, i), outer), exactly(Math.fround(scale)));
      const y = stored(bias ? add(ofCodes, at(bias.data, col)) : ofCodes);
      if (rows.x.columns.length === 0) return y;
      const terms = rows.x.columns.map((c) => {
        const decoded = stored(mul(mul(at(q_weight.data, col * k + c), statistic), step));
        return mul(at(x.data, row * k + c), decoded);
      });
      const apart = sum(terms);
      return either(stored(add(y, apart)), stored(add(y, stored(apart))));
    }),
  );
}

/** The weight that gradients flow through. */
function decodedWeight(inputs: Inputs) {
  const { stats, levels } = halfRows(inputs.weight, 0);
  const shape = inputs.weight.shape;
  return {
    decoded: decodedOf({ shape, data: codesOf(levels) }, stats),
    apart: (ieee: boolean) => decodedOf({ shape, data: apartOf(levels, ieee) }, stats),
  };
}

/** dy W, as rows. */
const timesWeight = (dy: Value, weight: Value): Float64Array =>
  product({ ...dy, shape: matrixOf(dy.shape) }, weight, false, false).data;

interface Description {
  readonly dtype?: DType;
  readonly threshold?: number;
  readonly bias?: boolean;
  readonly values?: string;
  readonly draw?: (random: Random, i: number) => number;
}

function sample(
  x: Shape,
  out: number,
  { dtype = 'f32', threshold = 0, bias = false, values, draw }: Description = {},
): SampleOf<typeof signature> {
  const [, cols] = matrixOf(x);
  const drawn = (shape: Shape, of: (i: number) => number) =>
    hostTensorFrom(
      dtype,
      shape,
      Float64Array.from({ length: sizeOf(shape) }, (_, i) => of(i)),
    );
  return {
    level: 'legal',
    label: {
      x: formatShape(x),
      out,
      ...(dtype === 'f32' ? {} : { dtype }),
      threshold,
      bias,
      ...(values ? { values } : {}),
    },
    params: { threshold },
    inputs: (random) => ({
      x: drawn(x, (i) => draw?.(random, i) ?? random.normal()),
      weight: drawn([out, cols], () => random.normal(0.1)),
      ...(bias ? { bias: drawn([out], () => random.normal()) } : {}),
    }),
    grads: (random) => ({
      y: drawn([...x.slice(0, -1), out], () => random.normal()),
    }),
  };
}

/** One element in thirty is an outlier of 6. */
function withOutliers(random: Random): number {
  return random.integer(1, 30) === 1 ? 9 * random.normal() : random.normal();
}

/** bitsandbytes.nn.Linear8bitLt as it evaluates, and its gradient. */
export const record = defineRecord(signature, {
  summary: 'an 8-bit product, its outlier columns in full precision',
  forward: (inputs, params) => forwardChosen(inputs, {}, params),
  forwardChosen,
  // Codes and statistics are those of `at`; x goes on through the decoded weight of there.
  forwardDetached: ({ x }, params, at) => {
    const outputs = forwardChosen(at, {}, params);
    const { decoded } = decodedWeight(at);
    const moved = { ...x, data: x.data.map((value, i) => value - (at.x.data[i] as number)) };
    const step = timesTransposed({ ...moved, shape: matrixOf(x.shape) }, decoded);
    const data = outputs.y.data.map((y, i) => y + (step[i] as number));
    return { ...outputs, y: { ...outputs.y, data } };
  },
  acceptance,
  foreseen: (steps, inputs, params, grads, actual = {}) =>
    grads ? {} : { y: foreseenOf(steps, inputs, params, actual as Chosen) },
  vjp: (inputs, _params, { y: dy }): GradientsOf<typeof signature, Value> => ({
    x: { shape: inputs.x.shape, data: timesWeight(dy, decodedWeight(inputs).decoded) },
  }),
  // A decoded weight rounds three times.
  vjpAcceptance: (inputs, _gradients, _params, { y: dy }, { depth, ieee }) => {
    const { decoded, apart } = decodedWeight(inputs);
    const n = inputs.weight.shape[0] as number;
    const terms = timesWeight(sizes(dy), sizes(decoded));
    const open = timesWeight(sizes(dy), apart(ieee));
    const flush = flushOfProducts(n, maxAbs(dy.data), maxAbs(decoded.data)) + 128 * n * FLUSH;
    const bound = terms.map(
      (size, i) => gamma(depth(n) + 3) * size * SECOND_ORDER + (open[i] as number) + flush,
    );
    return { x: { kind: 'within', bound } };
  },
  samples: [
    sample([5, 37], 7, { threshold: 6, draw: withOutliers }),
    sample([6, 32], 16, { threshold: 6, bias: true, draw: withOutliers }),
    sample([2, 3, 20], 33),
    sample([1, 64], 5, { bias: true }),
    sample([19], 3, { threshold: 1 }),
    sample([9, 130], 6, { threshold: 2.2 }),
    sample([7, 41], 10, { dtype: 'f16', threshold: 3, bias: true }),
    sample([4, 24], 9, { dtype: 'bf16', threshold: 3 }),
    // Sums beyond 2^24: all codes are 127.
    sample([3, 1100], 2, { values: 'ones', draw: () => 1 }),
    // More than one workgroup of each kernel.
    sample([35, 12], 66, { threshold: 2.5, bias: true }),
  ],
  faults: [
    {
      name: 'results larger by 1',
      shader: {
        file: 'quant/linear_8bit_lt',
        from: '= sum + apart',
        to: '= 1.0 + sum + apart',
      },
    },
    {
      name: 'weights decoded by the next larger statistic',
      direction: 'backward',
      shader: {
        file: 'quant/dequantize_rows',
        from: '8u)) * scale',
        to: '8u)) * (scale + 1.0)',
      },
    },
  ],
  plausibleBugs: [
    paramsBug('outliers beyond twice the threshold', ({ threshold }) => ({
      threshold: 2 * threshold,
    })),
    paramsBug('no outliers', () => ({ threshold: 0 })),
    inputBug('x wrong by 2e-3', 'x', (x) => x * (1 + 2e-3)),
    inputBug('weight wrong by 2e-3', 'weight', (w) => w * (1 + 2e-3)),
    inputBug('bias wrong by 2e-4', 'bias', (b) => b * (1 + 2e-4)),
    inputBug('last element dropped', 'x', (x, i, { data }) => (i === data.length - 1 ? 0 : x)),
    inputBug('neighbours swapped', 'weight', (w, i, { data }) => data[i ^ 1] ?? w),
  ],
});
