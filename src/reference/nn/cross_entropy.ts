import { GradproofError } from '../../errors.ts';
import { crossEntropy as signature } from '../../vocabulary/nn/cross_entropy.ts';
import type { GradOutputsOf, InputsOf, OutputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, gamma, IN_ANY_ORDER, SECOND_ORDER } from '../bounds.ts';
import { defineRecord } from '../define.ts';
import type { Arithmetic, Value } from '../record.ts';
import { crossEntropyPlausibleBugs, crossEntropySamples } from './cross_entropy/samples.ts';
import { foreseenLogits } from './cross_entropy.steps.ts';
import { meanOf, type RowLoss, reduced } from './loss/reduced.ts';
import { axisOf } from './softmax.steps.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Params = ParamsOf<typeof signature>;

/** The problem as rows of classes, whatever the layout. */
interface Rows {
  /** Along which axis of the logits the classes are. */
  readonly axis: ReturnType<typeof axisOf>;
  /** Their places, from 0 on. */
  readonly all: readonly number[];
  readonly classes: number;
  readonly smoothing: number;
  readonly weighted: boolean;
  readonly at: (row: number, c: number) => number;
  readonly flat: (row: number, c: number) => number;
  /** Class that the row should predict, negative if its label is ignored. */
  readonly target: (row: number) => number;
  readonly weight: (c: number) => number;
  /** Sum of the weights of all classes, and of their sizes. */
  readonly weights: number;
  readonly sizes: number;
}

const IGNORED = -1;

export function rowsOf(
  { logits, labels, weight }: Inputs,
  { shift, ignore_index, label_smoothing }: Omit<Params, 'reduction' | 'log_probs'>,
): Rows {
  const axis = shift ? logits.shape.length - 1 : Math.min(1, logits.shape.length - 1);
  const classes = logits.shape[axis] as number;
  const inner = logits.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const sequence = labels.shape.at(-1) as number;
  const expected = logits.shape.length === 1 ? [1] : logits.shape.toSpliced(axis, 1);
  if (expected.join() !== labels.shape.join())
    throw new GradproofError('shape', 'cross_entropy: labels do not fit the logits');
  const flat = (row: number, c: number) =>
    Math.floor(row / inner) * classes * inner + c * inner + (row % inner);
  const each = Array.from({ length: classes }, (_, c) => weight?.data[c] ?? 1);
  const total = (numbers: readonly number[]) => numbers.reduce((sum, x) => sum + x, 0);
  return {
    all: Array.from(labels.data.keys()),
    axis: axisOf(logits.shape, axis),
    classes,
    smoothing: label_smoothing,
    weighted: weight !== undefined,
    flat,
    at: (row, c) => logits.data[flat(row, c)] as number,
    target: (row) => {
      if (shift && row % sequence === sequence - 1) return IGNORED;
      const label = labels.data[shift ? row + 1 : row] as number;
      return label === ignore_index ? IGNORED : Math.min(Math.max(label, 0), classes - 1);
    },
    weight: (c) => each[c] as number,
    weights: total(each),
    sizes: total(each.map(Math.abs)),
  };
}

/**
 * Softmax of one row with its error: `c` is the relative error of each exponential, `logSum` and
 * `logSumError` of log(sum of exp).
 */
interface Row {
  readonly below: Float64Array;
  readonly p: Float64Array;
  readonly c: Float64Array;
  /** sum_j p_j c_j + gamma: relative error of the sum of exponentials. */
  readonly sumError: number;
  readonly logSum: number;
  readonly logSumError: number;
}

function rowAt(rows: Rows, row: number, { depth }: Arithmetic): Row {
  const x = Float64Array.from({ length: rows.classes }, (_, c) => rows.at(row, c));
  const max = x.reduce((a, b) => Math.max(a, b));
  const below = x.map((value) => max - value);
  const sum = below.reduce((total, d) => total + Math.exp(-d), 0);
  const p = below.map((d) => Math.exp(-d) / sum);
  // Subtracting the maximum rounds by eps D, exp by 3 + 2 D units.
  const c = below.map((d) => EPS * (3 + 3 * d));
  const weighted = p.reduce((total, pj, j) => total + (pj === 0 ? 0 : pj * (c[j] as number)), 0);
  const sumError = weighted + gamma(depth(rows.classes));
  const logSum = Math.log(sum);
  const logError = sum <= 2 ? 2 ** -21 : 3 * EPS * logSum;
  return { below, p, c, sumError, logSum, logSumError: sumError + logError };
}

function rowLoss(rows: Rows, row: number, arithmetic: Arithmetic): RowLoss {
  const target = rows.target(row);
  if (target < 0) return { loss: 0, error: 0, weight: 0 };
  const { below, logSum, logSumError } = rowAt(rows, row, arithmetic);
  const away = below[target] as number;
  const weight = rows.weight(target);
  const keep = 1 - rows.smoothing;
  const own = keep * weight * (logSum + away);
  // keep and the weight multiply only where they are not 1; keep itself is rounded.
  const products = (rows.weighted ? 1 : 0) + (rows.smoothing > 0 ? 2 : 0);
  const ownError =
    keep * Math.abs(weight) * (logSumError + EPS * away + EPS * (logSum + away)) +
    products * EPS * Math.abs(own);
  if (rows.smoothing === 0) return { loss: own, error: ownError, weight };

  const spread = rows.smoothing / rows.classes;
  const sum = below.reduce((total, d, c) => total + rows.weight(c) * d, 0);
  const absolute = below.reduce((total, d, c) => total + Math.abs(rows.weight(c)) * d, 0);
  const rest = spread * (sum + rows.weights * logSum);
  const levels = gamma(arithmetic.depth(rows.classes));
  // The sum of w_c (max - x_c): each difference rounds by eps; the sum of weights times the
  // logarithm: one product.
  const restError =
    spread * ((EPS + levels) * absolute + rows.sizes * (logSumError + (levels + EPS) * logSum)) +
    3 * EPS * Math.abs(rest);
  return { loss: own + rest, error: ownError + restError + EPS * Math.abs(own + rest), weight };
}

function lossesOf(rows: Rows, arithmetic: Arithmetic): readonly RowLoss[] {
  return rows.all.map((row) => rowLoss(rows, row, arithmetic));
}

function forward(inputs: Inputs, params: Params): OutputsOf<typeof signature, Value> {
  const rows = rowsOf(inputs, params);
  const { logits, labels } = inputs;
  const logProbs = new Float64Array(logits.data.length);
  for (const row of rows.all) {
    const { below, logSum } = rowAt(rows, row, IN_ANY_ORDER);
    below.forEach((d, c) => {
      logProbs[rows.flat(row, c)] = -d - logSum;
    });
  }
  const { reduction } = params;
  const loss =
    reduction === 'none'
      ? {
          shape: labels.shape,
          data: labels.data.map((_, row) => rowLoss(rows, row, IN_ANY_ORDER).loss),
        }
      : {
          shape: [1],
          data: Float64Array.of(
            reduced(lossesOf(rows, IN_ANY_ORDER), reduction === 'mean', rows.weighted, IN_ANY_ORDER)
              .loss,
          ),
        };
  return { loss, log_probs: { shape: logits.shape, data: logProbs } };
}

function lossBound(
  rows: Rows,
  reduction: Params['reduction'],
  arithmetic: Arithmetic,
): Float64Array {
  const bound =
    reduction === 'none'
      ? Float64Array.from(rows.all, (row) => rowLoss(rows, row, arithmetic).error)
      : Float64Array.of(
          reduced(lossesOf(rows, arithmetic), reduction !== 'sum', rows.weighted, arithmetic).error,
        );
  return bound.map((error) => error * SECOND_ORDER);
}

function logProbsBound(rows: Rows, size: number, arithmetic: Arithmetic): Float64Array {
  const bound = new Float64Array(size);
  for (const row of rows.all) {
    const { below, logSum, logSumError } = rowAt(rows, row, arithmetic);
    below.forEach((d, c) => {
      bound[rows.flat(row, c)] = (logSumError + EPS * d + EPS * (d + logSum)) * SECOND_ORDER;
    });
  }
  return bound;
}

/**
 * Gradient of every logit and its bound: that of the softmax through the products and sums that
 * follow, times the gradient of the loss.
 */
function slopes(
  inputs: Inputs,
  params: Params,
  grads: GradOutputsOf<typeof signature, Value>,
  arithmetic: Arithmetic,
): { gradient: Value; bound: Float64Array } {
  const rows = rowsOf(inputs, params);
  const { logits } = inputs;
  const dloss = grads.loss.data;
  const { reduction } = params;
  const { normalizer, normalizerError } =
    reduction === 'mean'
      ? meanOf(lossesOf(rows, arithmetic), rows.weighted, arithmetic)
      : { normalizer: 1, normalizerError: 0 };
  const incomingError = (reduction === 'none' ? 0 : normalizerError + 2.5 * EPS) + EPS;
  const gradient = new Float64Array(logits.data.length);
  const bound = new Float64Array(logits.data.length);
  for (const row of rows.all) {
    const target = rows.target(row);
    if (target < 0) continue;
    const g = (dloss[reduction === 'none' ? row : 0] as number) / normalizer;
    const softmax = rowAt(rows, row, arithmetic);
    for (let c = 0; c < rows.classes; c++) {
      const { slope, error } = slopeOf(rows, softmax, target, c, arithmetic);
      const at = rows.flat(row, c);
      gradient[at] = g * slope;
      bound[at] =
        (Math.abs(g) * error + Math.abs(g * slope) * incomingError) * SECOND_ORDER +
        FLUSH * (2 + 4 * Math.abs(g));
    }
  }
  return { gradient: { shape: logits.shape, data: gradient }, bound };
}

/** d row loss / d logit c = keep w_t (p - onehot) + spread (W p - w_c), with its error. */
function slopeOf(
  rows: Rows,
  row: Row,
  target: number,
  c: number,
  { depth }: Arithmetic,
): { readonly slope: number; readonly error: number } {
  const p = row.p[c] as number;
  const pError = (p === 0 ? 0 : p * ((row.c[c] as number) + row.sumError + 2.5 * EPS)) + 2 * FLUSH;
  const keep = 1 - rows.smoothing;
  const weight = rows.weight(target);
  const own = keep * weight * (p - (c === target ? 1 : 0));
  const products = (rows.weighted ? 1 : 0) + (rows.smoothing > 0 ? 2 : 0);
  const ownError = keep * Math.abs(weight) * pError + (1 + products) * EPS * Math.abs(own);
  if (rows.smoothing === 0) return { slope: own, error: ownError };
  const spread = rows.smoothing / rows.classes;
  const weightsError = rows.weighted ? gamma(depth(rows.classes)) * rows.sizes : 0;
  const rest = spread * (rows.weights * p - rows.weight(c));
  const restError =
    spread * (Math.abs(rows.weights) * (pError + EPS * p) + weightsError * p) +
    3 * EPS * Math.abs(rest);
  return { slope: own + rest, error: ownError + restError + EPS * Math.abs(own + rest) };
}

/**
 * torch.nn.functional.cross_entropy; with `shift` as Hugging Face's causal language models, classes
 * last.
 */
export const record = defineRecord(signature, {
  summary: 'cross-entropy of logits against class labels',
  unsupported: (_inputs, { ignore_index }) =>
    (ignore_index | 0) === ignore_index ? undefined : `ignore_index ${ignore_index}`,
  forward,
  acceptance: (inputs, _outputs, params, arithmetic) => {
    const rows = rowsOf(inputs, params);
    const size = inputs.logits.data.length;
    return {
      loss: { kind: 'within', bound: lossBound(rows, params.reduction, arithmetic) },
      ...(params.log_probs
        ? { log_probs: { kind: 'within', bound: logProbsBound(rows, size, arithmetic) } }
        : {}),
    };
  },
  foreseen: (steps, inputs, params, grads) => {
    if (!grads) return {};
    const { reduction } = params;
    const dloss = (row: number) => grads.loss.data[reduction === 'none' ? row : 0] as number;
    return {
      logits: foreseenLogits(steps, rowsOf(inputs, params), reduction === 'mean', dloss),
    };
  },
  vjp: (inputs, params, grads) => ({
    logits: slopes(inputs, params, grads, IN_ANY_ORDER).gradient,
  }),
  vjpAcceptance: (inputs, _gradients, params, grads, arithmetic) => ({
    logits: { kind: 'within', bound: slopes(inputs, params, grads, arithmetic).bound },
  }),
  samples: crossEntropySamples,
  faults: [
    {
      name: 'maximum not added back',
      shader: { file: 'nn/cross_entropy_rows', from: '(largest - logits', to: '(0.0 - logits' },
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
  plausibleBugs: crossEntropyPlausibleBugs,
});
