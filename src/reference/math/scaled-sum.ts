import type { ReductionOp } from '../../vocabulary/math/reduction.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, gamma, HALF_EPS, sumLevels } from '../bounds.ts';
import { defineRecord, defineSimulation, type RecordOf } from '../define.ts';
import { integerTypeOf, wrapped } from '../integers.ts';
import type { Value } from '../record.ts';
import type { Simulation } from '../simulation/simulation.ts';
import { sharedSum } from '../simulation/sums.ts';
import {
  groupsOf,
  integerSample,
  positive,
  reduced,
  reducePlausibleBugs,
  reduceSample,
  reduceSamples,
} from './reduction.ts';

/** A sum times what depends on the number of its terms. */
export interface Scaled {
  readonly summary: string;
  /** What a sum of `terms` is multiplied by. */
  readonly scale: (terms: number) => number;
  /** Whether integers are added as such, in 32 bits. */
  readonly integers?: boolean;
  /** Units that the product with the scale, and the scale itself, may be off. */
  readonly units: number;
}

/** Integers whose sums do not fit into 32 bits, and into 8. */
const LARGE = [2 ** 31 - 1, -(2 ** 31), 16777217, 2 ** 30, -3, 5] as const;
const BYTES = [127, 3, 100, 0, 126] as const;

const absolute = ({ data }: Value) => ({ data: data.map(Math.abs) });
const total = (terms: readonly number[]): number => terms.reduce((a, b) => a + b, 0);

/**
 * The record: of n terms, n - 1 additions and no product, one level less than the depth of
 * products; then the scale.
 */
export function sumRecord(
  signature: ReductionOp,
  { summary, scale, units, integers = false }: Scaled,
): RecordOf<ReductionOp> {
  const isWhole = ({ x }: { readonly x: Value }) => integers && integerTypeOf([x]) !== undefined;
  const spread = (x: Value, params: ParamsOf<ReductionOp>, dy: Value): Value => {
    const { owner, terms } = groupsOf(x.shape, params);
    const share = terms.map((group, i) => (dy.data[i] as number) * scale(group.length));
    return { shape: x.shape, data: x.data.map((_, i) => share[owner[i] as number] as number) };
  };
  return defineRecord(signature, {
    summary,
    forward: (inputs, params) => {
      const of = isWhole(inputs)
        ? (t: number[]) => wrapped(total(t), 'i32')
        : (t: number[]) => total(t) * scale(t.length);
      return { y: reduced(groupsOf(inputs.x.shape, params), inputs.x, of) };
    },
    acceptance: (inputs, _outputs, params, { depth }) => {
      if (isWhole(inputs)) return { y: { kind: 'exact' } };
      const groups = groupsOf(inputs.x.shape, params);
      const condition = (level: (n: number) => number, unit: number) =>
        reduced(
          groups,
          absolute(inputs.x),
          (t) =>
            (level(t.length) + units * unit) * total(t) * scale(t.length) + FLUSH * (t.length + 2),
        ).data;
      const bound = condition((n) => gamma(sumLevels(n, depth)), EPS);
      return {
        y: {
          kind: 'within',
          bound,
          typical: condition((n) => 4 * Math.sqrt(sumLevels(n, depth)) * HALF_EPS, HALF_EPS),
        },
      };
    },
    intermediates: ({ x }, params, grads) =>
      grads ? {} : { y: { largest: reduced(groupsOf(x.shape, params), absolute(x), total).data } },
    vjp: (inputs, params, grads) => ({ x: spread(inputs.x, params, grads.y) }),
    vjpAcceptance: (_inputs, gradients) => {
      const { data } = gradients.x as Value;
      return {
        x:
          units === 0
            ? { kind: 'exact' }
            : { kind: 'within', bound: data.map((d) => units * EPS * Math.abs(d) + FLUSH) },
      };
    },
    samples: [
      ...reduceSamples('exact'),
      reduceSample({
        level: 'exact',
        x: [2, 4, 2, 2, 3, 2, 2, 4],
        axes: [1, 3, 5, 7],
        keepdims: false,
      }),
      reduceSample({ x: [7, 300], axes: [-1] }),
      reduceSample({ x: [5, 13], axes: [0] }),
      ...(integers
        ? [
            integerSample('i32', [16, 300, 8], 1, LARGE),
            integerSample('u8', [3, 21], 1, BYTES),
            { ...integerSample('i8', [21, 5], 0, BYTES), tier: 'full' } as const,
          ]
        : []),
    ],
    faults: [
      ...(integers
        ? [
            {
              name: 'last integer dropped',
              integers: true,
              shader: {
                file: 'math/integer_sum',
                from: 'min(dims.terms, ',
                to: 'min(dims.terms - 1u, ',
              },
            },
          ]
        : []),
      {
        name: 'last term dropped',
        integers: false,
        shader: {
          file: 'math/reduce_sum',
          from: 'min(dims.terms, ',
          to: 'min(dims.terms - 1u, ',
        },
      },
      {
        name: 'the next gradient',
        direction: 'backward',
        shader: { file: 'shape/copy', from: 'vec2u(dims.x_start,', to: 'vec2u(dims.x_start + 1u,' },
      },
    ],
    plausibleBugs: reducePlausibleBugs(),
  });
}

/** The kernels' arithmetic: shares of the terms, their sums, the scale. */
export function sumSimulation(signature: ReductionOp, { scale }: Scaled): Simulation {
  const draw = { element: positive, positive: true };
  return defineSimulation(signature, {
    forward: (gpu, inputs, params) => ({
      y: reduced(groupsOf(inputs.x.shape, params), inputs.x, (t) =>
        gpu.mul(Math.fround(scale(t.length)), sharedSum(gpu, t)),
      ),
    }),
    backward: (gpu, inputs, params, grads) => {
      const { x } = inputs;
      const { owner, terms } = groupsOf(x.shape, params);
      const share = terms.map((group, i) =>
        gpu.mul(Math.fround(scale(group.length)), grads.y.data[i] as number),
      );
      return {
        x: { shape: x.shape, data: x.data.map((_, i) => share[owner[i] as number] as number) },
      };
    },
    samples: [
      reduceSample({ ...draw, x: [64, 250], axes: [1], note: 'positive' }),
      reduceSample({ ...draw, x: [5000, 2], axes: [0], note: 'positive' }),
      reduceSample({ x: [64, 250], axes: [1] }),
    ],
  });
}
