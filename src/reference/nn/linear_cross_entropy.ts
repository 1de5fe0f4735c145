import { mapped } from '../../graph/call.ts';
import { filledTensor, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import {
  chunksOf,
  classesAtOnce,
  linearCrossEntropy as signature,
  tableParts,
} from '../../vocabulary/nn/linear_cross_entropy.ts';
import type { GivenParams, GradOutputsOf, InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, gamma, IN_ANY_ORDER, SECOND_ORDER } from '../bounds.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { product, stageError } from '../matmul/product.ts';
import { flatRows } from '../matmul/rows.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Arithmetic, Value } from '../record.ts';
import { classLossBugs } from './loss/plausible-bugs.ts';
import { meanOf, type RowLoss, reduced } from './loss/reduced.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

/** The label of a row that asks nothing. */
const NONE = -1;

/** Logits of each row, how far they may be off, and what the row should predict. */
export interface LinearRows {
  readonly logits: Value;
  readonly rows: number;
  readonly classes: number;
  readonly chunks: ReturnType<typeof chunksOf>;
  readonly target: (row: number) => number;
}

/** The rows of all parts of the table as one weight. */
export function wholeTable(inputs: Inputs): Value {
  const parts = tableParts(inputs).map(([, part]) => part);
  const rows = parts.reduce((sum, { shape }) => sum + (shape[0] as number), 0);
  const width = inputs.weight.shape[1] as number;
  const data = new Float64Array(rows * width);
  let end = 0;
  for (const part of parts) {
    data.set(part.data, end);
    end += part.data.length;
  }
  return { shape: [rows, width], data };
}

/** What there is of each row of the whole table, by the parts that the table lies in. */
export function byParts(inputs: Inputs, whole: Float64Array): Readonly<Record<string, Value>> {
  let first = 0;
  return Object.fromEntries(
    tableParts(inputs).map(([name, { shape, data }]) => {
      first += data.length;
      return [name, { shape, data: whole.slice(first - data.length, first) }];
    }),
  );
}

export function linearRowsOf(
  inputs: Inputs,
  { shift, ignore_index, chunk }: Params,
  logits: Value,
): LinearRows {
  const { labels } = inputs;
  const ofParts = tableParts(inputs).map(([, { shape }]) => shape[0] as number);
  const [rows, classes] = logits.shape as [number, number];
  const sequence = labels.shape.at(-1) as number;
  return {
    ...{ logits, rows, classes, chunks: chunksOf(ofParts, chunk ?? classesAtOnce(rows)) },
    target: (row) => {
      if (shift && row % sequence === sequence - 1) return NONE;
      const label = labels.data[shift ? row + 1 : row] as number;
      return label === ignore_index ? NONE : Math.min(Math.max(label, 0), classes - 1);
    },
  };
}

/** A row's softmax with its errors, of logits that are off themselves. */
interface Row {
  readonly p: Float64Array;
  /** Relative error of each exponential of a logit less the largest. */
  readonly c: Float64Array;
  readonly sumError: number;
  readonly loss: RowLoss;
}

/** Everything but the last stage: logits, what they are off by, and the rows. */
function stagesOf(inputs: Inputs, params: Params, { depth }: Arithmetic) {
  const x = flatRows(inputs.x);
  const weight = wholeTable(inputs);
  const rows = linearRowsOf(inputs, params, product(x, weight, false, true));
  const width = x.shape[1] as number;
  const off = stageError(x, undefined, weight, false, true, depth(width));
  return { rows, x, weight, each: Array.from({ length: rows.rows }, (_, row) => rowAt(row)) };

  function rowAt(row: number): Row {
    const { classes } = rows;
    const own = rows.logits.data.subarray(row * classes, (row + 1) * classes);
    const error = off.data.subarray(row * classes, (row + 1) * classes);
    const largest = own.reduce((a, b) => Math.max(a, b));
    const below = own.map((value) => largest - value);
    const sum = below.reduce((total, d) => total + Math.exp(-d), 0);
    const p = below.map((d) => Math.exp(-d) / sum);
    // x - max rounds by eps D, exp by 3 + 2 D units; the logit is off by itself.
    const c = below.map((d, i) => EPS * (3 + 3 * d) + (error[i] as number));
    // In the sum the distance from the largest is gone in steps: to that of a part, of a chunk, and of
    // each chunk after it, by an exponential (3) and a product.
    const chunks = rows.chunks.length;
    const rescaled = gamma(4 * (1 + chunks));
    const weighted = p.reduce((total, pj, j) => total + pj * (c[j] as number), 0);
    const sumError = weighted + rescaled + gamma(depth(classes) + chunks);
    const logSum = Math.log(sum);
    const target = rows.target(row);
    if (target < 0) return { p, c, sumError, loss: { loss: 0, error: 0, weight: 0 } };
    const away = below[target] as number;
    const loss = logSum + away;
    const logError = sum <= 2 ? 2 ** -21 : 3 * EPS * logSum;
    const lost = sumError + logError + (error[target] as number) + EPS * (away + loss);
    return { p, c, sumError, loss: { loss, error: lost, weight: 1 } };
  }
}

function lossOf(inputs: Inputs, params: Params, arithmetic: Arithmetic) {
  const { each } = stagesOf(inputs, params, arithmetic);
  const losses = each.map(({ loss }) => loss);
  const { reduction } = params;
  if (reduction === 'none')
    return {
      loss: { shape: inputs.labels.shape, data: Float64Array.from(losses, ({ loss }) => loss) },
      bound: Float64Array.from(losses, ({ error }) => error * SECOND_ORDER),
    };
  const one = reduced(losses, reduction === 'mean', false, arithmetic);
  return {
    loss: { shape: [1], data: Float64Array.of(one.loss) },
    bound: Float64Array.of(one.error * SECOND_ORDER),
  };
}

/** Gradients of x and of the table's parts: that of the logits through the product that follows. */
function gradientsOf(
  inputs: Inputs,
  params: Params,
  grads: GradOutputsOf<typeof signature, Value>,
  arithmetic: Arithmetic,
) {
  const { rows, x, weight, each } = stagesOf(inputs, params, arithmetic);
  const { classes } = rows;
  const isMean = params.reduction === 'mean';
  const losses = each.map(({ loss }) => loss);
  const normalizer = isMean ? meanOf(losses, false, arithmetic).normalizer : 1;
  const incomingError = (params.reduction === 'none' ? 1 : 3.5) * EPS;
  const data = new Float64Array(rows.rows * classes);
  const error = new Float64Array(data.length);
  for (const [row, { p, c, sumError }] of each.entries()) {
    const target = rows.target(row);
    if (target < 0) continue;
    const flow = grads.loss.data[params.reduction === 'none' ? row : 0] as number;
    const g = flow / normalizer;
    for (let j = 0; j < classes; j++) {
      const pj = p[j] as number;
      const pError = pj * ((c[j] as number) + sumError + 2.5 * EPS) + 2 * FLUSH;
      const slope = pj - (j === target ? 1 : 0);
      const own = pError + EPS * Math.abs(slope);
      const at = row * classes + j;
      data[at] = g * slope;
      error[at] =
        (Math.abs(g) * own + Math.abs(g * slope) * incomingError) * SECOND_ORDER +
        FLUSH * (2 + 4 * Math.abs(g));
    }
  }
  const dlogits = { shape: [rows.rows, classes], data };
  const off = { shape: dlogits.shape, data: error };
  const { depth } = arithmetic;
  // The sums of chunks are added one after the other.
  const levels = depth(classes) + rows.chunks.length;
  const widened = (value: Value) => value.data.map((each) => each * SECOND_ORDER);
  return {
    x: { shape: inputs.x.shape, data: product(dlogits, weight, false, false).data },
    tables: byParts(inputs, product(dlogits, x, true, false).data),
    bounds: {
      x: widened(stageError(dlogits, off, weight, false, false, levels)),
      tables: byParts(inputs, widened(stageError(dlogits, off, x, true, false, depth(rows.rows)))),
    },
  };
}

/** The weight with zeros for the classes behind the last whole chunk. */
function wholeChunks({ shape, data }: Value, chunk = 1): Value {
  const [classes = 0, width = 0] = shape;
  const read = Math.floor(classes / chunk) * chunk * width;
  return { shape, data: data.map((x, i) => (i < read ? x : 0)) };
}

interface Draw {
  readonly x: Shape;
  readonly classes: number;
  /** How many of them lie in parts of their own, behind those of `weight`; default none. */
  readonly more?: readonly number[];
  readonly params?: GivenParams<typeof signature>;
  /** Every so many-th label is ignored, from the second on; default none. */
  readonly ignoreEvery?: number;
  /** Of the logits; default 3. */
  readonly deviation?: number;
  /** All logits far below 0, and far from each other. */
  readonly isLow?: boolean;
  readonly variants?: readonly string[];
  /** Default quick. */
  readonly tier?: 'full';
}

export function linearSample({
  x,
  classes,
  more = [],
  params = {},
  ignoreEvery,
  deviation = 3,
  isLow = false,
  variants,
  tier,
}: Draw): SampleOf<typeof signature> {
  const labels = x.length === 1 ? [1] : x.slice(0, -1);
  const width = x.at(-1) as number;
  const { reduction = 'mean', ignore_index = -100, chunk, shift } = params;
  const first = more.reduce((left, rows) => left - rows, classes);
  const table = (random: Random, rows: number) =>
    filledTensor('f32', [rows, width], () =>
      isLow ? -2500 * random.uniform(0.25, 1) : random.normal(deviation * width ** -0.5),
    );
  return {
    level: 'legal',
    ...(variants ? { variants } : {}),
    ...(tier ? { tier } : {}),
    label: {
      ...{ x: formatShape(x), classes, reduction, chunk: chunk ?? 'all' },
      ...(ignoreEvery ? { ignore: ignore_index } : {}),
      ...(shift ? { shift } : {}),
      ...(deviation === 3 ? {} : { deviation }),
      ...(isLow ? { values: 'low' } : {}),
      ...(more.length > 0 ? { parts: [first, ...more].join('+') } : {}),
    },
    params,
    inputs: (random) => ({
      x: filledTensor('f32', x, () => (isLow ? random.uniform(0.5, 1) : random.normal())),
      weight: table(random, first),
      ...Object.fromEntries(more.map((rows, i) => [`more${i}`, table(random, rows)])),
      labels: hostTensorFrom(
        'i32',
        labels,
        random
          .fill(sizeOf(labels), () => random.integer(0, classes - 1))
          .map((label, i) => (ignoreEvery && i % ignoreEvery === 1 ? ignore_index : label)),
      ),
    }),
    grads: (random) => {
      const shape = reduction === 'none' ? labels : [1];
      return {
        loss: filledTensor('f32', shape, () => random.normal()),
      };
    },
  };
}

/** A sample of each variant; a processor takes long for the barriers of tiles. */
const ofEach = (description: Omit<Draw, 'variants' | 'tier'>) => [
  linearSample({ ...description, variants: ['register', 'subgroup'] }),
  linearSample({ ...description, variants: ['tiled'], tier: 'full' }),
];

/** The loss of a language model's head without its logits. */
export const record = defineRecord(signature, {
  summary: 'cross-entropy of x weight^T against class labels, in chunks of classes',
  unsupported: (_inputs, { ignore_index }) =>
    (ignore_index | 0) === ignore_index ? undefined : `ignore_index ${ignore_index}`,
  forward: (inputs, params) => ({ loss: lossOf(inputs, params, IN_ANY_ORDER).loss }),
  acceptance: (inputs, _outputs, params, arithmetic) => ({
    loss: { kind: 'within', bound: lossOf(inputs, params, arithmetic).bound },
  }),
  vjp: (inputs, params, grads) => {
    const { x, tables } = gradientsOf(inputs, params, grads, IN_ANY_ORDER);
    return { x, ...tables };
  },
  vjpAcceptance: (inputs, _gradients, params, grads, arithmetic) => {
    const { bounds } = gradientsOf(inputs, params, grads, arithmetic);
    return {
      x: { kind: 'within', bound: bounds.x },
      ...mapped(bounds.tables, ({ data }) => ({ kind: 'within', bound: data }) as const),
    };
  },
  samples: [
    linearSample({ x: [7, 5], classes: 19 }),
    linearSample({ x: [1, 1], classes: 1, variants: ['register'] }),
    linearSample({ x: [6], classes: 33, params: { reduction: 'sum' }, variants: ['register'] }),
    // Two whole chunks and a part of one, which begins in the midst of what a quad takes.
    linearSample({ x: [2, 9, 12], classes: 259, params: { chunk: 128, shift: true } }),
    ...ofEach({
      ...{ x: [33, 7], classes: 130, ignoreEvery: 4 },
      params: { chunk: 128, reduction: 'none' },
    }),
    ...ofEach({
      ...{ x: [70, 8], classes: 300, ignoreEvery: 3, deviation: 20 },
      params: { chunk: 128, ignore_index: 2 },
    }),
    // Several parts of a row.
    ...ofEach({ x: [3, 4], classes: 1100, params: { reduction: 'sum' } }),
    ...ofEach({ x: [2, 4], classes: 1100, isLow: true }),
    // Parts of a table: one row, and chunks whole and not.
    ...ofEach({
      ...{ x: [2, 9, 12], classes: 1 + 134 + 150, more: [134, 150] },
      params: { chunk: 128, shift: true },
    }),
  ],
  faults: [
    {
      name: 'maximum not added back',
      shader: {
        file: 'nn/linear_cross_entropy_rows',
        from: 'log(sum) + (largest - score)',
        to: 'log(sum) - (largest + score)',
      },
    },
    {
      name: 'one-hot target dropped',
      direction: 'backward',
      shader: {
        file: 'nn/cross_entropy_backward',
        from: 'stat.z * (p - onehot)',
        to: 'stat.z * (p - 0.0 * onehot)',
      },
    },
  ],
  plausibleBugs: [
    ...classLossBugs<Params, Inputs>(),
    inputBug('x wrong by a part in ten thousand', 'x', (value) => value * 1.0001),
    inputBug('weight wrong by a part in ten thousand', 'weight', (value) => value * 1.0001),
    inputBug('last class dropped', 'weight', (value, i, { shape: [rows = 0, width = 0] }) =>
      i >= (rows - 1) * width ? -value : value,
    ),
    {
      name: 'classes behind the last whole chunk not read',
      apply: (inputs, { chunk, ...params }) => ({
        inputs: { ...inputs, weight: wholeChunks(inputs.weight, chunk) },
        params,
      }),
    },
    {
      name: 'parts of the table in another order',
      apply: (inputs, params) => {
        const parts = tableParts(inputs);
        const turned = parts.map(([name], i) => [name, parts.at(i - 1)?.[1]]);
        return { inputs: { ...inputs, ...Object.fromEntries(turned) }, params };
      },
    },
    paramsBug('no shift', (params) => ({ ...params, shift: false })),
  ],
});
