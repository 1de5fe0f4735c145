import type { Deviation } from '../../vocabulary/math/deviation.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, IN_ANY_ORDER, reciprocalError, rootError, SECOND_ORDER } from '../bounds.ts';
import { defineRecord, defineSimulation, type RecordOf, type SampleOf } from '../define.ts';
import { spreadOf, squaresOverflow } from '../nn/norm/row.ts';
import { paramsBug } from '../plausible-bug.ts';
import type { Arithmetic, RecordFault, Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import type { Simulation } from '../simulation/simulation.ts';
import { sharedSum } from '../simulation/sums.ts';
import { foreseenDeviation } from './deviation.steps.ts';
import {
  groupsOf,
  positive,
  reduced,
  reducePlausibleBugs,
  reduceSample,
  reduceSamples,
} from './reduction.ts';

type Params = ParamsOf<Deviation>;

/** What tells the variance from its root. */
export interface DeviationTruth {
  readonly summary: string;
  readonly root: boolean;
  readonly samples: readonly SampleOf<Deviation>[];
  readonly faults: readonly RecordFault[];
}

/** A sample with a correction of its own. */
export function corrected(
  correction: number,
  { label, params, ...sample }: SampleOf<Deviation>,
): SampleOf<Deviation> {
  return { ...sample, label: { ...label, correction }, params: { ...params, correction } };
}

/** What is known of terms that are reduced together. */
interface Terms {
  /** n - correction. */
  readonly divisor: number;
  readonly away: Float64Array;
  readonly awayError: Float64Array;
  readonly y: number;
  readonly yError: number;
}

/**
 * The variance in two passes, as that of rows that are normalized, times n / (n - correction); a
 * root takes half of its share of the error, and 4.5 units, as WGSL's is 1 / inverseSqrt.
 */
function termsOf(
  x: readonly number[],
  { correction }: Params,
  root: boolean,
  arithmetic: Arithmetic,
): Terms {
  const data = Float64Array.from(x);
  const { away, awayError, ...biased } = spreadOf(data, arithmetic);
  const divisor = x.length - correction;
  const scale = x.length / divisor;
  const variance = biased.variance * scale;
  const error = squaresOverflow(data)
    ? Number.POSITIVE_INFINITY
    : biased.varianceError * scale + FLUSH * (2 + scale);
  const y = root ? Math.sqrt(variance) : variance;
  const yError = root ? rootError(variance, error) + 4.5 * EPS * y : error;
  return { divisor, away, awayError, y, yError };
}

/** One gradient, and how far it may be off. */
interface Slope {
  readonly value: number;
  readonly error: number;
}

/**
 * dx = away s with s = 2 dy / (n - c), and for the root dy / ((n - c) y): the quotient takes y's
 * error and 2.5 units, scale, its product and the last one a unit each. No |away| is more than y
 * root(n - c), as it is one of the terms of y: so no |dx| of the root is more than |dy| / root(n -
 * c), however far y is off.
 */
function slopes(
  { divisor, away, awayError, y, yError }: Terms,
  dy: number,
  root: boolean,
): Slope[] {
  const steepest = root ? 2 * Math.abs(dy / Math.sqrt(divisor)) : Number.POSITIVE_INFINITY;
  const off = root ? reciprocalError(y === 0 ? 1 : yError / y) + 2.5 * EPS : 0;
  const s = root ? (y === 0 ? 0 : dy / (divisor * y)) : (2 * dy) / divisor;
  return Array.from(away, (distance, i) => {
    const d = awayError[i] as number;
    const first = Math.abs(s) * (d * (1 + off) + Math.abs(distance) * (off + 3 * EPS));
    const flushed = FLUSH * (1 + (1 + 1 / divisor) * (Math.abs(distance) + d));
    return {
      value: s * distance,
      error: (off < 1 ? Math.min(first, steepest) : steepest) * SECOND_ORDER + flushed,
    };
  });
}

/** The record of the variance, or of its root. */
export function deviationRecord(
  signature: Deviation,
  { summary, root, samples, faults }: DeviationTruth,
): RecordOf<Deviation> {
  const gradients = (
    x: Value,
    params: Params,
    { data: dy }: Value,
    arithmetic: Arithmetic,
    part: keyof Slope,
  ): Float64Array => {
    const data = new Float64Array(x.data.length);
    groupsOf(x.shape, params).terms.forEach((indices, element) => {
      const values = indices.map((i) => x.data[i] as number);
      const found = slopes(termsOf(values, params, root, arithmetic), dy[element] as number, root);
      indices.forEach((at, i) => {
        data[at] = (found[i] as Slope)[part];
      });
    });
    return data;
  };
  return defineRecord(signature, {
    summary,
    unsupported: ({ x }, params) =>
      groupsOf(x.shape, params).terms.some(({ length }) => length <= params.correction)
        ? 'a variance of as many terms as the correction takes away, or fewer'
        : undefined,
    forward: ({ x }, params) => ({
      y: reduced(
        groupsOf(x.shape, params),
        x,
        (terms) => termsOf(terms, params, root, IN_ANY_ORDER).y,
      ),
    }),
    acceptance: ({ x }, _outputs, params, arithmetic) => ({
      y: {
        kind: 'within',
        bound: reduced(
          groupsOf(x.shape, params),
          x,
          (terms) => termsOf(terms, params, root, arithmetic).yError * SECOND_ORDER,
        ).data,
      },
    }),
    // The sum of the squares, and the quotient by which the root's gradient multiplies x - mean.
    intermediates: ({ x }, params, grads) => {
      const groups = groupsOf(x.shape, params);
      const spread = reduced(groups, x, (terms) => {
        const { divisor, y } = termsOf(terms, params, root, IN_ANY_ORDER);
        return grads ? y : (root ? y ** 2 : y) * divisor;
      }).data;
      if (!grads) return { y: { largest: spread } };
      if (!root) return {};
      const { data: dy } = grads.y;
      const largest = x.data.map((_, i) => {
        const element = groups.owner[i] as number;
        const y = spread[element] as number;
        return y === 0 ? 0 : Math.abs((dy[element] as number) / y);
      });
      return { x: { largest } };
    },
    foreseen: (steps, { x }, params, grads) => foreseenDeviation(steps, x, params, root, grads?.y),
    vjp: ({ x }, params, grads) => ({
      x: { shape: x.shape, data: gradients(x, params, grads.y, IN_ANY_ORDER, 'value') },
    }),
    vjpAcceptance: ({ x }, _gradients, params, grads, arithmetic) => ({
      x: { kind: 'within', bound: gradients(x, params, grads.y, arithmetic, 'error') },
    }),
    samples: [
      // One term has no variance but without a correction.
      ...reduceSamples('legal').map((each) =>
        'none' === each.label.axes ? corrected(0, each) : each,
      ),
      corrected(0, reduceSample({ x: [6, 37], axes: [-1], element: far, note: 'far-from-0' })),
      corrected(1.5, reduceSample({ x: [5, 13], axes: [0], keepdims: false })),
      ...samples,
    ],
    faults,
    plausibleBugs: [
      ...reducePlausibleBugs<Params>(),
      paramsBug('no correction', (params) => ({ ...params, correction: 0 })),
    ],
  });
}

/** As much of the mean as of the deviation is lost in the differences. */
const far = (random: { normal(): number }): number => 10 + random.normal();

/** The kernels' arithmetic: the mean, the differences, the shares of their squares, the scale. */
export function deviationSimulation(signature: Deviation, root: boolean): Simulation {
  const scaled = (gpu: SimulatedGpu, terms: readonly number[], scale: number) =>
    gpu.mul(Math.fround(scale), sharedSum(gpu, terms));
  const computed = (gpu: SimulatedGpu, x: readonly number[], { correction }: Params) => {
    const scale = 1 / (x.length - correction);
    const mean = scaled(gpu, x, 1 / x.length);
    const away = x.map((value) => gpu.sub(value, mean));
    const squares = away.map((value) => gpu.mul(value, value));
    const variance = scaled(gpu, squares, scale);
    return { away, scale, y: root ? gpu.sqrt(variance) : variance };
  };
  return defineSimulation(signature, {
    forward: (gpu, { x }, params) => ({
      y: reduced(groupsOf(x.shape, params), x, (terms) => computed(gpu, terms, params).y),
    }),
    backward: (gpu, { x }, params, { y: { data: dy } }) => {
      const data = new Float64Array(x.data.length);
      groupsOf(x.shape, params).terms.forEach((indices, element) => {
        const { away, scale, y } = computed(
          gpu,
          indices.map((i) => x.data[i] as number),
          params,
        );
        const flow = dy[element] as number;
        const quotient = () => (y === 0 ? 0 : gpu.div(flow, y));
        const slope = root
          ? gpu.mul(Math.fround(scale), quotient())
          : gpu.mul(Math.fround(2 * scale), flow);
        indices.forEach((at, i) => {
          data[at] = gpu.mul(away[i] as number, slope);
        });
      });
      return { x: { shape: x.shape, data } };
    },
    samples: [
      reduceSample({ x: [64, 250], axes: [1], element: positive, note: 'positive' }),
      reduceSample({ x: [3000, 2], axes: [0], element: positive, note: 'positive' }),
      reduceSample({ x: [500, 2], axes: [1] }),
      reduceSample({ x: [40, 7], axes: [1], element: () => 0.1, note: 'equal' }),
    ],
  });
}
