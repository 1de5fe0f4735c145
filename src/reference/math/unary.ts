import { hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { FLUSH } from '../bounds.ts';
import type { Acceptance, OpRecord, RecordFault, Sample, Value, Values, WrongValue } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import type { Simulation } from '../simulation/simulation.ts';

/** A differentiable function of one number, from which a record and a simulation follow. */
export interface UnaryTruth<Params> {
  readonly name: string;
  readonly summary: string;
  readonly f: (x: number, params: Params) => number;
  readonly slope: (x: number, params: Params) => number;
  /** How far y may be off. Absent where the kernels only choose between numbers that they are given. */
  readonly error?: (x: number, params: Params) => number;
  /** How far they may be off as our own kernels compute them, where `error` and `gradientError` also allow for other formulas. */
  readonly ownError?: (x: number, params: Params) => number;
  readonly ownGradientError?: (x: number, dy: number, params: Params) => number;
  /** How far dy * slope may be off. */
  readonly gradientError?: (x: number, dy: number, params: Params) => number;
  readonly computed?: (gpu: SimulatedGpu, x: number, params: Params) => number;
  readonly computedGradient?: (gpu: SimulatedGpu, x: number, dy: number, params: Params) => number;
  /** Where the function goes wrong: kinks, saturation, what overflows in between. */
  readonly corners: readonly number[];
  readonly params: readonly [Params, ...Params[]];
  readonly faults: readonly RecordFault[];
  readonly wrongValues?: readonly WrongValue<Params>[];
}

const isDenormal = (x: number): boolean => Math.abs(x) < FLUSH;

/** Of a chosen number: equal, or any denormal for another or for 0, since comparisons may flush them. */
function chosen(truth: Value): Acceptance {
  const accepts = (i: number, actual: number) => {
    const right = truth.data[i] as number;
    return actual === right || (isDenormal(actual) && isDenormal(right));
  };
  return { kind: 'codes', accepts, inBand: 0 };
}

/** Of dy where x was chosen and 0 elsewhere: of a denormal x either, since a kink may be at 0, and it may be taken for that. */
function passed(truth: Value, x: Float64Array, dy: Float64Array): Acceptance {
  const right = chosen(truth) as Extract<Acceptance, { kind: 'codes' }>;
  const either = (i: number, actual: number) => x[i] !== 0 && isDenormal(x[i] as number) && (actual === dy[i] || isDenormal(actual));
  return { ...right, accepts: (i, actual) => right.accepts(i, actual) || either(i, actual) };
}

const xOf = (inputs: Values): Value => inputs['x'] as Value;
const dyOf = (grads: Values): Float64Array => (grads['y'] as Value).data;

interface Draw<Params> {
  readonly shape: Shape;
  readonly params: Params;
  readonly values?: readonly number[];
  /** Whether results are chosen, so that they are known at kinks, where differences cannot probe the slope. */
  readonly exact?: boolean;
}

function sample<Params extends object>({ shape, params, values, exact = false }: Draw<Params>): Sample<Params> {
  const normal = (count: number, deviation: number) => (random: { normal(deviation: number): number }) =>
    Array.from({ length: count }, () => random.normal(deviation));
  const count = sizeOf(shape);
  return {
    layer: exact ? 'exact' : 'legal',
    label: { x: formatShape(shape), ...(values ? { values: 'corners' } : {}), ...params },
    params,
    inputs: (random) => ({ x: hostTensorFrom('f32', shape, values ?? normal(count, 3)(random)) }),
    grads: (random) => ({ y: hostTensorFrom('f32', shape, normal(count, 1)(random)) }),
  };
}

/** The record of an element-wise function of x. */
export function unaryRecord<Params extends object>(truth: UnaryTruth<Params>): OpRecord<Params> {
  const { name, summary, f, slope, error, ownError, gradientError, ownGradientError, corners, faults } = truth;
  const [first, ...rest] = truth.params;
  const scaled = (factor: number) => (inputs: Values, params: Params) => ({
    inputs: { x: { ...xOf(inputs), data: xOf(inputs).data.map((x) => x * factor) } },
    params,
  });
  return {
    name,
    family: 'math',
    summary,
    inputs: { x: { dtypes: ['f32'], differentiable: true } },
    outputs: { y: { dtypes: ['f32'] } },
    forward: (inputs, params) => ({ y: { shape: xOf(inputs).shape, data: xOf(inputs).data.map((x) => f(x, params)) } }),
    acceptance: (inputs, outputs, params, { otherFormulas }) => {
      const off = otherFormulas ? error : (ownError ?? error);
      return { y: off ? { kind: 'within', bound: xOf(inputs).data.map((x) => off(x, params)) } : chosen(outputs['y'] as Value) };
    },
    vjp: (inputs, params, grads) => {
      const dy = dyOf(grads);
      return { x: { shape: xOf(inputs).shape, data: xOf(inputs).data.map((x, i) => slope(x, params) * (dy[i] as number)) } };
    },
    vjpAcceptance: (inputs, gradients, params, grads, { otherFormulas }) => {
      const dy = dyOf(grads);
      const off = otherFormulas ? gradientError : (ownGradientError ?? gradientError);
      return {
        x: off
          ? { kind: 'within', bound: xOf(inputs).data.map((x, i) => off(x, dy[i] as number, params)) }
          : passed(gradients['x'] as Value, xOf(inputs).data, dy),
      };
    },
    samples: [
      sample({ shape: [1], params: first }),
      sample({ shape: [corners.length], params: first, values: corners, exact: truth.error === undefined }),
      sample({ shape: [7, 37], params: first }),
      sample({ shape: [8, 64], params: first }),
      ...rest.flatMap((params) => [
        sample({ shape: [8, 64], params }),
        sample({ shape: [corners.length], params, values: corners, exact: truth.error === undefined }),
      ]),
    ],
    faults,
    wrongValues: [
      { name: 'input wrong by 2e-5', apply: scaled(1 + 2e-5) },
      { name: 'sign of the input', apply: scaled(-1) },
      ...(truth.wrongValues ?? []),
    ],
  };
}

/** The kernels' arithmetic, also at `wide` inputs, in which every change of formula lies. */
export function unarySimulation<Params extends object>(truth: UnaryTruth<Params>, wide: number): Simulation<Params> {
  const { name, computed, computedGradient } = truth;
  if (!computed || !computedGradient) throw new TypeError(`${name} computes nothing that could be simulated`);
  return {
    op: name,
    forward: (gpu, inputs, params) => ({ y: { ...xOf(inputs), data: xOf(inputs).data.map((x) => computed(gpu, x, params)) } }),
    backward: (gpu, inputs, params, grads) => {
      const dy = dyOf(grads);
      return { x: { ...xOf(inputs), data: xOf(inputs).data.map((x, i) => computedGradient(gpu, x, dy[i] as number, params)) } };
    },
    samples: truth.params.map((params) => ({
      layer: 'legal',
      label: { x: 4096, values: 'wide', ...params },
      params,
      inputs: (random) => ({
        x: hostTensorFrom(
          'f32',
          [4096],
          random.fill(4096, () => random.uniform(-wide, wide)),
        ),
      }),
      grads: (random) => ({
        y: hostTensorFrom(
          'f32',
          [4096],
          random.fill(4096, () => random.normal()),
        ),
      }),
    })),
  };
}
