import { norm as signature } from '../../vocabulary/math/norm.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, gamma, SECOND_ORDER } from '../bounds.ts';
import { defineRecord, defineSimulation } from '../define.ts';
import type { Depth, Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { sharedSum } from '../simulation/sums.ts';
import {
  type Groups,
  groupsOf,
  positive,
  reduced,
  reducePlausibleBugs,
  reduceSample,
  reduceSamples,
} from './reduction.ts';

const normOf = (terms: readonly number[]): number =>
  Math.sqrt(terms.reduce((sum, x) => sum + x * x, 0));

/**
 * A sum S of n squares is off by gamma_c S, and by what is flushed; its root by half of that, and
 * 4.5 units, since WGSL's sqrt is 1 / inverseSqrt. Near 0 an error d of S is at most sqrt(d) of the
 * root.
 */
function errorOf(terms: readonly number[], depth: Depth): number {
  const y = normOf(terms);
  const flushed = FLUSH * 3 * terms.length;
  return (
    y * (gamma(depth(terms.length)) / 2 + 4.5 * EPS) * SECOND_ORDER +
    Math.min(Math.sqrt(flushed), flushed / y)
  );
}

function norms(
  x: Value,
  params: ParamsOf<typeof signature>,
): { readonly groups: Groups; readonly y: Value } {
  const groups = groupsOf(x.shape, params);
  return { groups, y: reduced(groups, x, normOf) };
}

/** dy x / y of every element, and 0 where y is 0. */
function gradientOf(x: Value, params: ParamsOf<typeof signature>, { data: dy }: Value): Value {
  const { groups, y } = norms(x, params);
  const data = x.data.map((value, i) => {
    const element = groups.owner[i] as number;
    const size = y.data[element] as number;
    return size === 0 ? 0 : ((dy[element] as number) / size) * value;
  });
  return { shape: x.shape, data };
}

function computed(gpu: SimulatedGpu, terms: readonly number[]): number {
  return gpu.sqrt(
    sharedSum(
      gpu,
      terms.map((x) => gpu.mul(x, x)),
    ),
  );
}

/** torch.linalg.vector_norm. */
export const record = defineRecord(signature, {
  summary: 'y = root of the sum of squares of x along axes',
  forward: (inputs, params) => ({ y: norms(inputs.x, params).y }),
  acceptance: (inputs, _outputs, params, { depth }) => ({
    y: {
      kind: 'within',
      bound: reduced(groupsOf(inputs.x.shape, params), inputs.x, (terms) => errorOf(terms, depth))
        .data,
    },
  }),
  // The sum of the squares, and the quotient by which the gradient multiplies x.
  intermediates: ({ x }, params, grads) => {
    const { groups, y } = norms(x, params);
    if (!grads) return { y: { largest: y.data.map((size) => size ** 2) } };
    const quotients = y.data.map((size, i) =>
      size === 0 ? 0 : Math.abs((grads.y.data[i] as number) / size),
    );
    return { x: { largest: x.data.map((_, i) => quotients[groups.owner[i] as number] as number) } };
  },
  vjp: (inputs, params, grads) => ({ x: gradientOf(inputs.x, params, grads.y) }),
  // The quotient takes the norm's error and 2.5 units, the product one.
  vjpAcceptance: (inputs, gradients, params, _grads, { depth }) => {
    const { groups, y } = norms(inputs.x, params);
    const relative = reduced(groups, inputs.x, (terms) => errorOf(terms, depth)).data.map(
      // Where the norm is 0, so is the gradient.
      (error, i) => error / ((y.data[i] as number) + Number(y.data[i] === 0)),
    );
    const bound = (gradients.x as Value).data.map(
      (dx, i) =>
        Math.abs(dx) *
          ((relative[groups.owner[i] as number] as number) + 3.5 * EPS) *
          SECOND_ORDER +
        4 * FLUSH,
    );
    return { x: { kind: 'within', bound } };
  },
  samples: [
    ...reduceSamples('legal'),
    reduceSample({
      x: [6, 37],
      axes: [0],
      element: (random) => 1e15 * random.normal(),
      note: 'large',
    }),
    reduceSample({ level: 'exact', x: [3, 4], axes: [1], element: () => 0, note: 'zero' }),
  ],
  faults: [
    {
      name: 'root dropped',
      shader: {
        file: 'math/reduce_sum',
        from: 'scaled, sqrt(scaled), ROOT',
        to: 'scaled + 1.0, scaled + 1.0, ROOT',
      },
    },
    {
      name: 'divided by nothing',
      direction: 'backward',
      shader: {
        file: 'math/norm_backward',
        from: 'select(dy / norm, vec4f(), norm == vec4f())',
        to: 'dy / (norm - norm)',
      },
    },
  ],
  plausibleBugs: reducePlausibleBugs(),
});

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => ({
    y: reduced(groupsOf(inputs.x.shape, params), inputs.x, (terms) => computed(gpu, terms)),
  }),
  backward: (gpu, inputs, params, grads) => {
    const { x } = inputs;
    const groups = groupsOf(x.shape, params);
    const dy = grads.y.data;
    const slopes = reduced(groups, x, (terms) => computed(gpu, terms)).data.map((y, i) =>
      y === 0 ? y : gpu.div(dy[i] as number, y),
    );
    return {
      x: {
        shape: x.shape,
        data: x.data.map((value, i) => gpu.mul(value, slopes[groups.owner[i] as number] as number)),
      },
    };
  },
  samples: [
    reduceSample({ x: [64, 250], axes: [1], element: positive, note: 'positive' }),
    reduceSample({ x: [3000, 2], axes: [0], element: positive, note: 'positive' }),
    reduceSample({ x: [500, 2], axes: [1] }),
  ],
});
