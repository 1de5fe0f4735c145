import { layerNorm as signature } from '../../vocabulary/nn/layer_norm.ts';
import type { Normalization } from '../../vocabulary/nn/norm.ts';
import type { GradOutputsOf, InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, gamma, NUMBERS_ALONE } from '../bounds.ts';
import { sumTo } from '../broadcast.ts';
import { boundOfColumnSums } from '../column-sums.ts';
import { defineRecord } from '../define.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Arithmetic, Value } from '../record.ts';
import { type Part, tensorOf, within } from './norm/part.ts';
import { meanOf, type Row, rowOf } from './norm/row.ts';
import { normSample } from './norm/samples.ts';
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

/** weight * z + bias: a product, and a sum where there is a bias. */
function results(inputs: Inputs, params: Params, arithmetic: Arithmetic): Part[] {
  const weight = inputs.weight.data;
  const bias = inputs.bias?.data;
  return rowsOf(inputs, params, arithmetic).flatMap(({ z, zError }) =>
    Array.from(weight, (w, c) => {
      const scaled = w * (z[c] as number);
      const value = scaled + (bias?.[c] ?? 0);
      const error =
        Math.abs(w) * (zError[c] as number) +
        EPS * Math.abs(scaled) +
        (bias ? EPS * Math.abs(value) : 0);
      return { value, error: error + FLUSH * (2 + Math.abs(w)) };
    }),
  );
}

/**
 * dx = rstd (g - mean(g) - z mean(g z)), g = weight dy. Of what is flushed the share that grows with
 * g is nothing beside the rounding of its mean.
 */
function slopes(
  inputs: Inputs,
  params: Params,
  grads: GradOutputs,
  arithmetic: Arithmetic,
): Part[] {
  const weight = inputs.weight.data;
  const dy = grads.y.data;
  const width = weight.length;
  const levels = gamma(arithmetic.depth(width)) + 3.5 * EPS;
  return rowsOf(inputs, params, arithmetic).flatMap(({ z, zError, rstd, rstdError }, i) => {
    const g = weight.map((w, c) => w * (dy[i * width + c] as number));
    const mean = meanOf(g);
    const meanError = levels * meanOf(g.map(Math.abs)) + 4 * FLUSH;
    const along = meanOf(g.map((value, c) => value * (z[c] as number)));
    const alongError =
      meanOf(g.map((value, c) => Math.abs(value) * (zError[c] as number))) +
      (levels + EPS) * meanOf(g.map((value, c) => Math.abs(value * (z[c] as number)))) +
      4 * FLUSH;
    return Array.from(g, (value, c) => {
      const zc = z[c] as number;
      const off = zError[c] as number;
      const rest = value - mean - zc * along;
      const inner =
        EPS * (Math.abs(value) + Math.abs(value - mean) + Math.abs(zc * along) + Math.abs(rest)) +
        meanError +
        (Math.abs(zc) + off) * alongError +
        off * Math.abs(along) +
        4 * FLUSH;
      return {
        value: rstd * rest,
        error:
          rstd * (1 + rstdError) * inner +
          Math.abs(rstd * rest) * (rstdError + EPS) +
          FLUSH * (1 + rstd),
      };
    });
  });
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
    y: tensorOf(results(inputs, params, NUMBERS_ALONE), inputs.x.shape),
  }),
  acceptance: (inputs, _outputs, params, arithmetic) => ({
    y: within(results(inputs, params, arithmetic)),
  }),
  vjp: (inputs, params, grads) => ({
    x: tensorOf(slopes(inputs, params, grads, NUMBERS_ALONE), inputs.x.shape),
    weight: tensorOf(weightSlopes(inputs, params, grads, NUMBERS_ALONE), inputs.weight.shape),
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
    normSample({ x: [33, 5], params: { eps: 0.01 }, scale: 0.01 }),
    normSample({ x: [3, 5, 64], mean: 10, bias: true }),
    normSample({ x: [7, 3, 11], params: { axis: -2 }, scale: 30, bias: true }),
    normSample({ x: [3, 70], params: { axis: 0 }, scale: 0.01 }),
  ],
  faults: [
    {
      name: 'one added to every result',
      shader: {
        file: 'nn/layer_norm',
        from: 'weight[c] * ((x[first + c] - mean) * rstd)',
        to: '1.0 + weight[c] * ((x[first + c] - mean) * rstd)',
      },
    },
    {
      name: 'one added to the gradient of x',
      direction: 'backward',
      shader: {
        file: 'nn/layer_norm_backward_x',
        from: 'rstd * (weight[c]',
        to: '1.0 + rstd * (weight[c]',
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
