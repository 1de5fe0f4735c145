import { layerNorm as signature } from '../../vocabulary/nn/layer_norm.ts';
import type { Normalization } from '../../vocabulary/nn/norm.ts';
import type { GradOutputsOf, InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { FLUSH, gamma, IN_ANY_ORDER } from '../bounds.ts';
import { sumTo } from '../broadcast.ts';
import { boundOfColumnSums } from '../column-sums.ts';
import { defineRecord } from '../define.ts';
import type { Range } from '../foreseen.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Arithmetic, Value } from '../record.ts';
import { type Part, tensorOf, within } from './norm/part.ts';
import { type Row, rowOf } from './norm/row.ts';
import { normSample } from './norm/samples.ts';
import { storedRow, storedSlopes } from './norm/stored-row.ts';
import { rowSlopes, weighed } from './norm/weighed.ts';
import { wrongEps } from './norm/wrong-eps.ts';

type Inputs = InputsOf<Normalization, Value>;
type Params = ParamsOf<Normalization>;
type GradOutputs = GradOutputsOf<Normalization, Value>;

/** Rows of x; eps is the float32 that a GPU gets. */
function rowsOf(inputs: Inputs, { eps }: Params, arithmetic: Arithmetic): readonly Row[] {
  const x = inputs.x.data;
  const width = inputs.weight.data.length;
  // None where a row has no elements.
  return Array.from({ length: x.length / width }, (_, i) =>
    rowOf(x.subarray(i * width, (i + 1) * width), Math.fround(eps), arithmetic),
  );
}

/** weight * z + bias of every row. */
function results(inputs: Inputs, params: Params, arithmetic: Arithmetic): Part[] {
  const { weight, bias } = inputs;
  return rowsOf(inputs, params, arithmetic).flatMap((row) => weighed(row, weight.data, bias?.data));
}

function slopes(
  inputs: Inputs,
  params: Params,
  grads: GradOutputs,
  arithmetic: Arithmetic,
): Part[] {
  const weight = inputs.weight.data;
  const dy = grads.y.data;
  const width = weight.length;
  return rowsOf(inputs, params, arithmetic).flatMap((row, i) =>
    rowSlopes(row, weight, dy.subarray(i * width, (i + 1) * width), arithmetic),
  );
}

/** Sums over the rows of dy z. */
function weightSlopes(
  inputs: Inputs,
  params: Params,
  grads: GradOutputs,
  arithmetic: Arithmetic,
): Part[] {
  const dy = grads.y.data;
  const width = inputs.weight.data.length;
  const rows = rowsOf(inputs, params, arithmetic);
  const levels = gamma(arithmetic.depth(rows.length));
  return Array.from({ length: width }, (_, c) => {
    let value = 0;
    let error = 0;
    rows.forEach(({ z, zError }, i) => {
      const d = dy[i * width + c] as number;
      const term = d * (z[c] as number);
      value += term;
      error +=
        Math.abs(d) * (zError[c] as number) * (1 + levels) +
        levels * Math.abs(term) +
        FLUSH * (2 + Math.abs(d));
    });
    return { value, error };
  });
}

/** torch.nn.functional.layer_norm. */
export const record = defineRecord(signature, {
  summary: 'y = weight * (x - mean) / sqrt(variance + eps) + bias',
  forward: (inputs, params) => ({
    y: tensorOf(results(inputs, params, IN_ANY_ORDER), inputs.x.shape),
  }),
  acceptance: (inputs, _outputs, params, arithmetic) => ({
    y: within(results(inputs, params, arithmetic)),
  }),
  // torch's gradients from statistics as they are stored.
  foreseen: (steps, inputs, params, grads) => {
    if (!grads) return {};
    const width = inputs.weight.data.length;
    const flows = (i: number) => grads.y.data.subarray(i * width, (i + 1) * width);
    const rows = rowsOf(inputs, params, IN_ANY_ORDER).map((row) => storedRow(steps, row));
    const { stored, exactly, sub, mul, sum } = steps;
    const weight = Array.from({ length: width }, (_, c) => {
      const terms = rows.map(({ x, mean, rstd }, i) => {
        const z = sub(mul(x[c] as Range, rstd), mul(mean, rstd));
        return mul(exactly(flows(i)[c] as number), z);
      });
      return stored(sum(terms));
    });
    const slopes = rows.flatMap((row, i) => storedSlopes(steps, row, inputs.weight.data, flows(i)));
    return { x: [slopes], weight: [weight] };
  },
  vjp: (inputs, params, grads) => ({
    x: tensorOf(slopes(inputs, params, grads, IN_ANY_ORDER), inputs.x.shape),
    weight: tensorOf(weightSlopes(inputs, params, grads, IN_ANY_ORDER), inputs.weight.shape),
    ...(inputs.bias ? { bias: sumTo(grads.y, inputs.bias.shape) } : {}),
  }),
  vjpAcceptance: (inputs, _gradients, params, grads, arithmetic) => ({
    x: within(slopes(inputs, params, grads, arithmetic)),
    weight: within(weightSlopes(inputs, params, grads, arithmetic)),
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
    normSample({ x: [1, 1] }),
    normSample({ x: [67, 19], bias: true }),
    // Whole workgroups without an invocation to spare.
    normSample({ x: [64, 3] }),
    // Workgroups of 64 end with a row of 256.
    normSample({ x: [2, 256], bias: true }),
    normSample({ x: [2, 257], bias: true }),
    // More rows than an invocation adds up of the weight's gradient, in two whole workgroups; that
    // is the same kernel for all variants.
    normSample({ x: [257, 256], bias: true, variants: ['row-per-invocation'] }),
    normSample({ x: [33, 5], params: { eps: 0.01 }, scale: 0.01 }),
    normSample({ x: [3, 5, 64], mean: 10, bias: true }),
    normSample({ x: [7, 3, 11], params: { axis: -2 }, scale: 30, bias: true }),
    normSample({ x: [3, 70], params: { axis: 0 }, scale: 0.01 }),
  ],
  faults: [
    {
      name: 'one added to every normalised element',
      shader: {
        file: 'nn/layer_norm',
        from: '- mean) * rstd);',
        to: '- mean) * rstd + vec4f(1.0));',
      },
    },
    {
      name: 'one added to the gradient of x',
      direction: 'backward',
      shader: {
        file: 'nn/layer_norm_backward_x',
        from: 'rstd * (weighed(four)',
        to: '1.0 + rstd * (weighed(four)',
      },
    },
  ],
  plausibleBugs: [
    wrongEps('eps 1e-6 for 1e-5', (eps) => eps / 10),
    wrongEps('no eps', () => 0),
    wrongEps('eps outside of the root', (eps) => eps ** 2),
    inputBug('x of every second column wrong by 2e-5', 'x', (x, i) => (i % 2 ? x * (1 + 2e-5) : x)),
    inputBug('weight wrong by 2e-5', 'weight', (w) => w * (1 + 2e-5)),
    inputBug('bias wrong by a part in ten thousand', 'bias', (b) => b * 1.0001),
    inputBug('bias subtracted', 'bias', (b) => -b),
    {
      name: 'unbiased variance',
      apply: (inputs, params) => {
        const weight = inputs.weight;
        const n = weight.data.length;
        const data = weight.data.map((w) => w * Math.sqrt((n - 1) / n));
        return { inputs: { ...inputs, weight: { ...weight, data } }, params };
      },
    },
    {
      name: 'one dimension normalised for all',
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
