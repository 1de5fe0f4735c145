import type { Normalization } from '../../vocabulary/nn/norm.ts';
import { rmsNorm as signature } from '../../vocabulary/nn/rms_norm.ts';
import type { GradOutputsOf, InputsOf, OutputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, gamma, IN_ANY_ORDER, SECOND_ORDER } from '../bounds.ts';
import { sumTo } from '../broadcast.ts';
import { boundOfColumnSums } from '../column-sums.ts';
import { defineRecord } from '../define.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, Value } from '../record.ts';
import { squaresOverflow } from './norm/row.ts';
import { normSample } from './norm/samples.ts';
import { wrongEps } from './norm/wrong-eps.ts';

type Inputs = InputsOf<Normalization, Value>;
type Params = ParamsOf<Normalization>;
type GradOutputs = GradOutputsOf<Normalization, Value>;

/** A row in float64: 1 / sqrt(mean(x^2) + eps), and the relative error that a GPU's has. */
interface Row {
  readonly x: Float64Array;
  readonly rstd: number;
  readonly error: number;
}

/** Rows of x; eps is the float32 that a GPU gets. */
function rowsOf(inputs: Inputs, { eps }: Params, { depth }: Arithmetic): readonly Row[] {
  const x = inputs.x;
  const weight = inputs.weight;
  const width = weight.data.length;
  // None where a row has no elements.
  return Array.from({ length: x.data.length / width }, (_, row) => {
    const values = x.data.subarray(row * width, (row + 1) * width);
    const mean = values.reduce((sum, value) => sum + value * value, 0) / width;
    const power = mean + Math.fround(eps);
    // (gamma_{c+1} + 3 eps) / 2 of the sum, the division and eps through the root, 2 units of
    // inverseSqrt; squares may be flushed.
    const error = (gamma(depth(width) + 1) + 3 * EPS) / 2 + 2 * EPS + (2 * FLUSH) / power;
    return {
      x: values,
      rstd: 1 / Math.sqrt(power),
      error: squaresOverflow(values) ? Number.POSITIVE_INFINITY : error,
    };
  });
}

/** Values of every element of every row, in order. */
function mapElements(
  rows: readonly Row[],
  f: (row: Row, column: number, at: number) => number,
): Float64Array {
  return Float64Array.from(
    rows.flatMap((row, i) =>
      Array.from(row.x, (_, column) => f(row, column, i * row.x.length + column)),
    ),
  );
}

function resultOf(inputs: Inputs, params: Params): Value {
  const x = inputs.x;
  const weight = inputs.weight.data;
  const bias = inputs.bias?.data;
  const rows = rowsOf(inputs, params, IN_ANY_ORDER);
  const element = (row: Row, c: number) =>
    (weight[c] as number) * (row.x[c] as number) * row.rstd + (bias?.[c] ?? 0);
  return { shape: x.shape, data: mapElements(rows, element) };
}

/**
 * |weight x rstd| times the relative error of rstd, and a unit each for both products; a sum where there is a bias.
 */
function acceptanceOfY(
  inputs: Inputs,
  { y: { data: y } }: OutputsOf<Normalization, Value>,
  params: Params,
  arithmetic: Arithmetic,
): Acceptance {
  const weight = inputs.weight.data;
  const bias = inputs.bias?.data;
  const bound = mapElements(rowsOf(inputs, params, arithmetic), (row, c, at) => {
    const scaled = Math.abs((y[at] as number) - (bias?.[c] ?? 0));
    const rounding = scaled * (row.error + 2 * EPS) + (bias ? EPS * Math.abs(y[at] as number) : 0);
    return rounding * SECOND_ORDER + FLUSH * (2 + Math.abs(weight[c] as number) * (1 + row.rstd));
  });
  return { kind: 'within', bound };
}

/**
 * What the gradient of x needs of a row: k = rstd^2 * sum_j(weight_j dy_j x_j) / width, and how far
 * it may be off.
 */
function alongOf(
  inputs: Inputs,
  grads: GradOutputs,
  row: Row,
  index: number,
  { depth }: Arithmetic,
): { readonly along: number; readonly error: number } {
  const weight = inputs.weight.data;
  const dy = grads.y.data;
  const width = weight.length;
  let sum = 0;
  let size = 0;
  for (let c = 0; c < width; c++) {
    const term = (weight[c] as number) * (dy[index * width + c] as number) * (row.x[c] as number);
    sum += term;
    size += Math.abs(term);
  }
  const factor = row.rstd ** 2 / width;
  // Two products a term: one more than depth counts. Then rstd twice, two products and a division.
  const error =
    factor * gamma(depth(width) + 1) * size +
    Math.abs(factor * sum) * (2 * row.error + 4.5 * EPS) +
    4 * FLUSH * (1 + factor);
  return { along: factor * sum, error };
}

function gradientOfX(
  inputs: Inputs,
  params: Params,
  grads: GradOutputs,
  arithmetic: Arithmetic,
): { gradient: Float64Array; bound: Float64Array } {
  const rows = rowsOf(inputs, params, arithmetic);
  const weight = inputs.weight.data;
  const dy = grads.y.data;
  const alongs = rows.map((row, i) => alongOf(inputs, grads, row, i, arithmetic));
  const parts = (row: Row, c: number, at: number) => {
    const { along, error } = alongs[Math.floor(at / weight.length)] as (typeof alongs)[number];
    const direct = (weight[c] as number) * (dy[at] as number);
    const back = (row.x[c] as number) * along;
    return { direct, back, backError: Math.abs(row.x[c] as number) * error + EPS * Math.abs(back) };
  };
  return {
    gradient: mapElements(rows, (row, c, at) => {
      const { direct, back } = parts(row, c, at);
      return row.rstd * (direct - back);
    }),
    // rstd (eps |w dy| + error of x k + eps |w dy - x k|) + |dx| (error of rstd + eps)
    bound: mapElements(rows, (row, c, at) => {
      const { direct, back, backError } = parts(row, c, at);
      const rest = Math.abs(direct - back);
      const rounding =
        row.rstd * (EPS * Math.abs(direct) + backError + EPS * rest) +
        row.rstd * rest * (row.error + EPS);
      return rounding * SECOND_ORDER + FLUSH * (2 + 3 * row.rstd);
    }),
  };
}

/**
 * Sums over the rows of dy x rstd, and of their sizes times the relative error of a term: rstd and
 * one product more than depth counts.
 */
function gradientOfWeight(
  inputs: Inputs,
  params: Params,
  grads: GradOutputs,
  arithmetic: Arithmetic,
): { gradient: Float64Array; bound: Float64Array } {
  const rows = rowsOf(inputs, params, arithmetic);
  const dy = grads.y.data;
  const width = inputs.weight.data.length;
  const gradient = new Float64Array(width);
  const bound = new Float64Array(width);
  const levels = gamma(arithmetic.depth(rows.length) + 1);
  mapElements(rows, (row, c, at) => {
    const term = (dy[at] as number) * (row.x[c] as number) * row.rstd;
    gradient[c] = (gradient[c] as number) + term;
    bound[c] =
      (bound[c] as number) +
      Math.abs(term) * (levels + row.error) * SECOND_ORDER +
      FLUSH * (2 + Math.abs(dy[at] as number) * (1 + row.rstd));
    return term;
  });
  return { gradient, bound };
}

/** torch.nn.functional.rms_norm. */
export const record = defineRecord(signature, {
  summary: 'y = weight * x / sqrt(mean(x^2) + eps) + bias',
  forward: (inputs, params) => ({ y: resultOf(inputs, params) }),
  acceptance: (inputs, outputs, params, arithmetic) => ({
    y: acceptanceOfY(inputs, outputs, params, arithmetic),
  }),
  vjp: (inputs, params, grads) => ({
    x: {
      shape: inputs.x.shape,
      data: gradientOfX(inputs, params, grads, IN_ANY_ORDER).gradient,
    },
    weight: {
      shape: inputs.weight.shape,
      data: gradientOfWeight(inputs, params, grads, IN_ANY_ORDER).gradient,
    },
    ...(inputs.bias ? { bias: sumTo(grads.y, inputs.bias.shape) } : {}),
  }),
  vjpAcceptance: (inputs, _gradients, params, grads, arithmetic) => ({
    x: { kind: 'within', bound: gradientOfX(inputs, params, grads, arithmetic).bound },
    weight: { kind: 'within', bound: gradientOfWeight(inputs, params, grads, arithmetic).bound },
    ...(inputs.bias
      ? {
          bias: {
            kind: 'within',
            bound: boundOfColumnSums(grads.y, inputs.bias.shape, arithmetic.depth),
          },
        }
      : {}),
  }),
  samples: [
    normSample({ x: [1, 1], params: { eps: 1e-6 } }),
    normSample({ x: [67, 19], params: { eps: 1e-6 } }),
    // Whole workgroups without an invocation to spare.
    normSample({ x: [64, 3], params: { eps: 1e-6 } }),
    // Workgroups of 64 end with a row of 256.
    normSample({ x: [2, 256], params: { eps: 1e-6 } }),
    normSample({ x: [2, 257], params: { eps: 1e-6 } }),
    // More rows than an invocation adds up of the weight's gradient, in two whole workgroups; that
    // is the same kernel for all variants.
    normSample({
      ...{ x: [257, 256], params: { eps: 1e-6 } },
      variants: ['row-per-invocation'],
    }),
    normSample({ x: [33, 5], params: { eps: 0.01 }, scale: 0.01 }),
    normSample({ x: [3, 5, 64], params: { eps: 1e-6 }, scale: 0.01 }),
    normSample({ x: [7, 3, 11], params: { axis: -2 }, scale: 30 }),
    normSample({ x: [5, 300], params: { eps: 1e-6 }, scale: 1e-3 }),
    normSample({ x: [3, 2, 33], params: { eps: 1e-6, axis: 1 }, bias: true }),
  ],
  faults: [
    {
      name: 'mean over one element too many',
      shader: {
        file: 'nn/rms_norm',
        from: 'f32(params.width) + params.eps',
        to: 'f32(params.width + 1u) + params.eps',
      },
    },
    {
      name: 'sign of the projection',
      direction: 'backward',
      shader: {
        file: 'nn/rms_norm_backward_x',
        from: 'weighed(four) - given',
        to: 'weighed(four) + given',
      },
    },
  ],
  plausibleBugs: [
    wrongEps('eps 1e-5 for 1e-6', (eps) => eps * 10),
    wrongEps('no eps', () => 0),
    wrongEps('eps outside of the root', (eps) => eps ** 2),
    inputBug('x wrong by 2e-5', 'x', (x, i) => (i % 2 ? x * (1 + 2e-5) : x)),
    inputBug('weight wrong by 2e-5', 'weight', (w) => w * (1 + 2e-5)),
    inputBug('bias wrong by a part in ten thousand', 'bias', (b) => b * 1.0001),
    inputBug('weight plus one', 'weight', (w) => w + 1),
    {
      name: 'one dimension normalised for two',
      apply: ({ bias: _, ...inputs }, params) => {
        const weight = inputs.weight;
        const width = weight.shape.at(-1) as number;
        return {
          inputs: { ...inputs, weight: { shape: [width], data: weight.data.slice(0, width) } },
          params: { ...params, axis: -1 },
        };
      },
    },
  ],
});
