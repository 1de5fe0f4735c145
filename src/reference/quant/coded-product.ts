import { heldAs } from '../../tensor/half.ts';
import { matrixOf, type Shape } from '../../tensor/shape.ts';
import { EPS, FLUSH, flushOfProducts, gamma, maxAbs, SECOND_ORDER } from '../bounds.ts';
import type { Foreseen, Range, Steps } from '../foreseen.ts';
import { product } from '../matmul/product.ts';
import type { Acceptance, Arithmetic, RecordFault, Value } from '../record.ts';
import { BYTES_FAULTS } from './decoded-product.ts';
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

/** What is multiplied with a weight in codes, and added. */
export interface ProductInputs {
  readonly x: Value;
  readonly bias?: Value | undefined;
}

/** A weight in codes: each over a 127th of the statistic of its row, where whole numbers are codes. */
export type CodedWeight = Pick<Vectorwise, 'stats' | 'levels'>;

/** What such a product gives. */
type Given = 'q_x' | 'row_stats' | 'outlier_cols' | 'acc' | 'y';
type Results<T> = Readonly<Record<Given, T>>;
/** What a party gave, with the codes of the weight where it made them. */
export type ChosenProduct = Readonly<Partial<Record<Given | 'q_weight', Value | undefined>>>;
interface Threshold {
  readonly threshold: number;
}

/**
 * What a product of codes stands for, in statistics: exactly, which is what CUDA multiplies by, and
 * as bitsandbytes' code for processors has it.
 */
export const SCALE = 1 / 127 ** 2;
export const SCALE_ON_CPU = Math.fround(6.200124e-5);

/** Rows of a tensor that was rounded to f16. */
export function halfRows(x: Value, threshold: number, actual?: RowOutputs): Vectorwise {
  const data = x.data.map((value) => heldAs('f16', value));
  return rowsOf({ data, dtype: 'f16' }, x.shape.at(-1) as number, threshold, actual);
}

/** Rows of x as they are quantized, by the party's threshold. */
const rowsOfX = ({ x }: ProductInputs, { threshold }: Threshold, actual: RowOutputs = {}) =>
  halfRows(x, threshold, actual);

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
function outliersOf({ x }: ProductInputs, columns: readonly number[]): Value {
  const [rows, cols] = matrixOf(x.shape);
  const kept = new Set(columns);
  return { shape: [rows, cols], data: x.data.map((value, i) => (kept.has(i % cols) ? value : 0)) };
}

/** The parts of y that are added up: of codes, before their scale, and of outliers. */
function partsOf(
  inputs: ProductInputs,
  acc: Float64Array,
  rows: Vectorwise,
  { stats }: CodedWeight,
  q: Value,
) {
  const n = stats.length;
  const outer = acc.map(
    (_, i) => (rows.stats[Math.floor(i / n)] as number) * (stats[i % n] as number),
  );
  return { outer, decoded: decodedOf(q, stats), outliers: outliersOf(inputs, rows.columns) };
}

/** The codes of a weight, of those that are in the band the party's. */
export function codesOfWeight({ levels }: CodedWeight, cols: number, actual?: Value): Value {
  return matrix(
    codesOf(levels, (i) => actual?.data[i]),
    cols,
  );
}

/**
 * x times a weight in codes, where a party chose codes in the band, or what the threshold means:
 * outlier columns of x are multiplied as they are given.
 */
export function codedProduct(
  inputs: ProductInputs,
  weight: CodedWeight,
  actual: ChosenProduct,
  params: Threshold,
): Results<Value> {
  const { x, bias } = inputs;
  const rows = rowsOfX(inputs, params, actual);
  const [, cols] = matrixOf(x.shape);
  const q_x = matrix(
    codesOf(rows.levels, (i) => actual.q_x?.data[i]),
    cols,
  );
  const q_weight = codesOfWeight(weight, cols, actual.q_weight);
  const exact = timesTransposed(q_x, q_weight);
  const acc = accOf(exact, actual, () =>
    slackOf(q_x, apartOf(rows.levels, false), q_weight, apartOf(weight.levels, false)),
  );
  const n = weight.stats.length;
  const { outer, decoded, outliers } = partsOf(inputs, acc, rows, weight, q_weight);
  const apart = timesTransposed(outliers, decoded);
  const y = acc.map(
    (sum, i) =>
      sum * (outer[i] as number) * SCALE + (bias?.data[i % n] ?? 0) + (apart[i] as number),
  );
  const list = actual.outlier_cols;
  return {
    q_x,
    row_stats: { shape: [rows.stats.length], data: rows.stats },
    outlier_cols: listOf(rows.columns, list?.data.length ?? cols, list),
    acc: { shape: [rows.stats.length, n], data: acc },
    y: { shape: [...x.shape.slice(0, -1), n], data: y },
  };
}

/** The sums of a party that does not tell its codes, where these may have given them. */
export function accOf(
  exact: Float64Array,
  { acc, q_x, q_weight }: Pick<ChosenProduct, 'acc' | 'q_x' | 'q_weight'>,
  slack: () => Float64Array,
) {
  if (!acc || (q_x && q_weight)) return exact;
  const most = slack();
  return exact.map((sum, i) => {
    const own = acc.data[i] as number;
    return Number.isInteger(own) && Math.abs(own - sum) <= (most[i] as number) ? own : sum;
  });
}

/** The codes of a level that are right, and no others. */
export function codeAcceptance(levels: Float64Array, ieee: boolean): Acceptance {
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
export function codedAcceptance(
  inputs: ProductInputs,
  weight: CodedWeight,
  outputs: Results<Value> & { readonly q_weight: Value },
  params: Threshold,
  { ieee }: Pick<Arithmetic, 'ieee'>,
): Results<Acceptance> {
  const { bias } = inputs;
  const rows = rowsOfX(inputs, params, outputs);
  const { q_x, q_weight } = outputs;
  const acc = outputs.acc.data;
  const apartOfWeight = apartOf(weight.levels, ieee);
  const slack = slackOf(q_x, apartOf(rows.levels, ieee), q_weight, apartOfWeight);
  const { outer, decoded, outliers } = partsOf(inputs, acc, rows, weight, q_weight);
  const size = timesTransposed(sizes(outliers), sizes(decoded));
  const ofBand = timesTransposed(
    sizes(outliers),
    decodedOf({ ...q_weight, data: apartOfWeight }, weight.stats),
  );
  const terms = rows.columns.length;
  const n = weight.stats.length;
  const flush = FLUSH * (4 + terms * (2 + 128 * maxAbs(weight.stats)));
  const bound = acc.map((sum, i) => {
    const ofCodes = Math.abs(sum) * (outer[i] as number) * SCALE;
    const added = ofCodes + Math.abs(bias?.data[i % n] ?? 0);
    const open = (slack[i] as number) * (outer[i] as number) * SCALE + (ofBand[i] as number);
    return (
      (4.5 * EPS * ofCodes + 2 * EPS * added + gamma(terms + 5) * (size[i] as number)) *
        SECOND_ORDER +
      open +
      flush
    );
  });
  return {
    q_x: codeAcceptance(rows.levels, ieee),
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
export function foreseenOf(
  { stored, exactly, add, mul, sum, either }: Steps,
  inputs: ProductInputs,
  weight: CodedWeight,
  actual: ChosenProduct,
  params: Threshold,
): readonly Foreseen[] {
  const { acc } = codedProduct(inputs, weight, actual, params);
  const rows = rowsOfX(inputs, params, actual);
  const { bias, x } = inputs;
  const [, k] = matrixOf(x.shape);
  const q_weight = codesOfWeight(weight, k, actual.q_weight);
  const n = weight.stats.length;
  const at = (data: ArrayLike<number>, i: number) => exactly(Math.fround(data[i] as number));
  const step = exactly(Math.fround(1 / 127));
  return [SCALE, SCALE_ON_CPU].map((scale) =>
    Array.from(acc.data, (_, i) => {
      const row = Math.floor(i / n);
      const col = i % n;
      const statistic = at(weight.stats, col);
      const outer = mul(at(rows.stats, row), statistic);
      const ofCodes = mul(mul(at(acc.data, i), outer), exactly(Math.fround(scale)));
      const y = stored(bias ? add(ofCodes, at(bias.data, col)) : ofCodes);
      const terms = rows.columns.map((c) => {
        const decoded = stored(mul(mul(at(q_weight.data, col * k + c), statistic), step));
        return mul(at(x.data, row * k + c), decoded);
      });
      const apart = sum(terms);
      return either(stored(add(y, apart)), stored(add(y, stored(apart))));
    }),
  );
}

/** The weight that gradients flow through. */
export function decodedWeight({ stats, levels }: CodedWeight, cols: number): Value {
  return decodedOf({ shape: [stats.length, cols], data: codesOf(levels) }, stats);
}

/** dy W, as rows. */
const timesWeight = (dy: Value, weight: Value): Float64Array =>
  product({ ...dy, shape: matrixOf(dy.shape) }, weight, false, false).data;

/** y where x moves away from that of `at`, and codes and statistics stay those of there. */
export function movedProduct(x: Value, at: Value, y: Value, decoded: Value): Value {
  const moved = { ...x, data: x.data.map((value, i) => value - (at.data[i] as number)) };
  const step = timesTransposed({ ...moved, shape: matrixOf(x.shape) }, decoded);
  return { ...y, data: y.data.map((value, i) => value + (step[i] as number)) };
}

/** The gradient of x in halves: bitsandbytes stores the decoded weight in the type of x. */
export function foreseenGradientOf(
  { stored, exactly, mul, sum }: Steps,
  { x }: ProductInputs,
  { stats, levels }: CodedWeight,
  dy: Value,
): readonly Foreseen[] {
  const [, cols] = matrixOf(x.shape);
  const n = stats.length;
  const step = exactly(Math.fround(1 / 127));
  const decoded = Array.from(codesOf(levels), (code, i) => {
    const scale = mul(exactly(stats[Math.floor(i / cols)] as number), step);
    return stored(mul(exactly(code), scale));
  });
  const ofElement = (_: unknown, i: number) => {
    const row = Math.floor(i / cols) * n;
    const terms = Array.from({ length: n }, (_, j) =>
      mul(exactly(dy.data[row + j] as number), decoded[j * cols + (i % cols)] as Range),
    );
    return stored(sum(terms));
  };
  return [Array.from(x.data, ofElement)];
}

/** The gradient of x. */
export function gradientOfX(x: Value, weight: CodedWeight, dy: Value): Value {
  const [, cols] = matrixOf(x.shape);
  return { shape: x.shape, data: timesWeight(dy, decodedWeight(weight, cols)) };
}

/** How far it may be off: codes times statistics round, the sums' scale and their product with it. */
export function gradientAcceptance(
  x: Value,
  { stats, levels }: CodedWeight,
  dy: Value,
  { depth, ieee }: Pick<Arithmetic, 'depth' | 'ieee'>,
): Acceptance {
  const [, cols] = matrixOf(x.shape);
  const decoded = decodedWeight({ stats, levels }, cols);
  const n = stats.length;
  const terms = timesWeight(sizes(dy), sizes(decoded));
  const open = timesWeight(
    sizes(dy),
    decodedOf({ ...decoded, data: apartOf(levels, ieee) }, stats),
  );
  const flush = flushOfProducts(n, maxAbs(dy.data), maxAbs(decoded.data)) + 128 * n * FLUSH;
  const bound = terms.map(
    (size, i) => gamma(depth(n) + 3) * size * SECOND_ORDER + (open[i] as number) + flush,
  );
  return { kind: 'within', bound };
}

/** Variants that multiply x by tiles of their own: the quads' is another one for a single row. */
export const variantsOf = (x: Shape): readonly string[] =>
  matrixOf(x)[0] === 1 ? ['register', 'tiled'] : ['register', 'subgroup', 'tiled'];

/** Faults of the kernels that multiply codes, and of those that decode them for the gradient of x. */
export const CODED_FAULTS: readonly RecordFault[] = [
  {
    name: 'results larger by 1',
    shader: {
      file: 'quant/linear_8bit_lt',
      from: '= sum + apart',
      to: '= 1.0 + sum + apart',
    },
  },
  ...BYTES_FAULTS.filter(({ direction }) => direction === 'backward'),
];
