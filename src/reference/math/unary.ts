import { hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import type { Unary } from '../../vocabulary/elementwise.ts';
import { FLUSH } from '../bounds.ts';
import { defineRecord, defineSimulation, type RecordOf, type SampleOf } from '../define.ts';
import type { Range, Steps } from '../foreseen.ts';
import { integerTypeOf, wrapped } from '../integers.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Acceptance, PlausibleBug, RecordFault, Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import type { Simulation } from '../simulation/simulation.ts';

/** A differentiable function of one number, from which a record and a simulation follow. */
export interface UnaryTruth<Given, Params> {
  readonly summary: string;
  readonly f: (x: number, params: Params) => number;
  /** The same of integers, where they are computed as such, with parameters to show it. */
  readonly integers?: {
    readonly f: (x: number, params: Params) => number;
    readonly params: Given;
  };
  readonly derivative: (x: number, params: Params) => number;
  /**
   * How far y may be off. Absent where the kernels only choose between numbers that they are given.
   */
  readonly error?: (x: number, params: Params) => number;
  /**
   * How far they may be off as our own kernels compute them, where `error` and `gradientError` also
   * allow for other formulas.
   */
  readonly ownError?: (x: number, params: Params) => number;
  readonly ownGradientError?: (x: number, dy: number, params: Params) => number;
  /** How far dy * derivative may be off. */
  readonly gradientError?: (x: number, dy: number, params: Params) => number;
  /** The gradient by libraries' own formulas, where they store each step. Default none. */
  readonly gradientSteps?: readonly ((steps: Steps, x: number, dy: number) => Range)[];
  /** How large what stands between is in a gradient of libraries. Default none. */
  readonly between?: (x: number) => number;
  readonly computed?: (gpu: SimulatedGpu, x: number, params: Params) => number;
  readonly computedGradient?: (gpu: SimulatedGpu, x: number, dy: number, params: Params) => number;
  /**
   * Where the function goes wrong: saturation, what overflows in between; kinks where results are
   * chosen. Of a function that rounds differences probe the derivative, so none of them lies within
   * 2^-16 of where its slope bends (as that of x / (1 + |x|) does at 0).
   */
  readonly corners: readonly number[];
  /**
   * Numbers so near to 0 or so large that differences cannot probe the derivative there: forward
   * only.
   */
  readonly far?: readonly number[];
  /**
   * The number at which the function is taken where `z` was drawn, of a function that is not
   * defined everywhere. Default z itself.
   */
  readonly drawn?: (z: number) => number;
  readonly params: readonly [Given, ...Given[]];
  readonly faults: readonly RecordFault[];
  readonly plausibleBugs?: readonly PlausibleBug<Params, Inputs>[];
}

type Inputs = { readonly x: Value };

const isDenormal = (x: number): boolean => Math.abs(x) < FLUSH;

/**
 * Accepts a chosen number that is equal, or any denormal for another or for 0, since comparisons
 * may flush them.
 */
export function chosen(truth: Value): Acceptance {
  const accepts = (i: number, actual: number) => {
    const right = truth.data[i] as number;
    return actual === right || (isDenormal(actual) && isDenormal(right));
  };
  return { kind: 'codes', accepts, inBand: 0 };
}

/**
 * Accepts dy where x was chosen and 0 elsewhere; either for a denormal x, which may be taken for 0,
 * where a kink may be.
 */
function passed(truth: Value, x: Float64Array, dy: Float64Array): Acceptance {
  const right = chosen(truth) as Extract<Acceptance, { kind: 'codes' }>;
  const either = (i: number, actual: number) =>
    x[i] !== 0 && isDenormal(x[i] as number) && (actual === dy[i] || isDenormal(actual));
  return {
    kind: 'codes',
    inBand: 0,
    accepts: (i, actual) => right.accepts(i, actual) || either(i, actual),
  };
}

interface Draw<Given> {
  readonly shape: Shape;
  readonly params: Given;
  readonly values?: readonly number[];
  readonly drawn?: ((z: number) => number) | undefined;
  /** Whether the values are too far off for a gradient. */
  readonly far?: boolean;
  /**
   * Whether results are chosen, so that they are known at kinks, where differences cannot probe the
   * derivative.
   */
  readonly exact?: boolean;
}

function sample<Given extends object>({
  shape,
  params,
  values,
  drawn,
  far,
  exact,
}: Draw<Given>): SampleOf<Unary<Given>> {
  const normal =
    (count: number, deviation: number) => (random: { normal(deviation: number): number }) =>
      Array.from({ length: count }, () => random.normal(deviation));
  const count = sizeOf(shape);
  // Of a function of positive numbers these are exp(z): not so small that it bends within a step.
  const inputs = (random: { normal(deviation: number): number }) =>
    values ?? (drawn ? normal(count, 1)(random).map(drawn) : normal(count, 3)(random));
  return {
    level: exact ? 'exact' : 'legal',
    label: {
      x: formatShape(shape),
      ...(values ? { values: far ? 'far' : 'corners' } : {}),
      ...params,
    },
    params,
    inputs: (random) => ({ x: hostTensorFrom('f32', shape, inputs(random)) }),
    ...(far
      ? {}
      : { grads: (random) => ({ y: hostTensorFrom('f32', shape, normal(count, 1)(random)) }) }),
  };
}

/** Ends of the types, and neighbours that float32 does not tell apart. */
const INTEGERS = {
  i32: [2 ** 31 - 1, -(2 ** 31), 16777217, 16777216, -16777217, -16777216, 7, -7, 1, -1, 0],
  u8: [0, 1, 6, 7, 8, 127, 128, 254, 255],
  i8: [0, 1, 7, -1, -7, -8, 127, -127, -128],
} as const;

function integerSample<Given extends object>(
  dtype: keyof typeof INTEGERS,
  params: Given,
): SampleOf<Unary<Given>> {
  const corners = INTEGERS[dtype];
  // Four workgroups of four elements an invocation, but for the last two invocations.
  const count = 4 * 253 + 1;
  return {
    level: 'exact',
    label: { x: count, dtype, ...params },
    integers: true,
    params,
    inputs: () => ({
      x: hostTensorFrom(
        dtype,
        [count],
        Array.from({ length: count }, (_, i) => corners[i % corners.length] as number),
      ),
    }),
  };
}

/** The record of an element-wise function of x. */
export function unaryRecord<Given extends object, Params extends object>(
  signature: Unary<Given, Params>,
  truth: UnaryTruth<Given, Params>,
): RecordOf<Unary<Given, Params>> {
  const {
    summary,
    f,
    integers,
    derivative,
    error,
    ownError,
    gradientError,
    ownGradientError,
    between,
    gradientSteps,
    corners,
    far,
    drawn,
    faults,
  } = truth;
  const [first, ...rest] = truth.params;
  return defineRecord(signature, {
    summary,
    forward: ({ x }, params) => {
      const type = integers && integerTypeOf([x]);
      const of = type ? (n: number) => wrapped(integers.f(n, params), type) : undefined;
      return { y: { shape: x.shape, data: x.data.map(of ?? ((n) => f(n, params))) } };
    },
    acceptance: (inputs, outputs, params, { otherFormulas }) => {
      const off = otherFormulas ? error : (ownError ?? error);
      return {
        y: off
          ? { kind: 'within', bound: inputs.x.data.map((x) => off(x, params)) }
          : chosen(outputs.y),
      };
    },
    ...(between && {
      intermediates: (inputs, _params, grads) => ({
        ...(grads && { x: { largest: inputs.x.data.map(between) } }),
      }),
    }),
    ...(gradientSteps && {
      foreseen: (steps, inputs, _params, grads) => ({
        ...(grads && {
          x: gradientSteps.map((formula) =>
            Array.from(inputs.x.data, (x, i) => formula(steps, x, grads.y.data[i] as number)),
          ),
        }),
      }),
    }),
    vjp: (inputs, params, grads) => {
      const dy = grads.y.data;
      return {
        x: {
          shape: inputs.x.shape,
          data: inputs.x.data.map((x, i) => derivative(x, params) * (dy[i] as number)),
        },
      };
    },
    vjpAcceptance: (inputs, gradients, params, grads, { otherFormulas }) => {
      const dy = grads.y.data;
      const off = otherFormulas ? gradientError : (ownGradientError ?? gradientError);
      return {
        x: off
          ? {
              kind: 'within',
              bound: inputs.x.data.map((x, i) => off(x, dy[i] as number, params)),
            }
          : passed(gradients.x as Value, inputs.x.data, dy),
      };
    },
    samples: [
      sample({ shape: [1], params: first, drawn }),
      sample({
        shape: [corners.length],
        params: first,
        values: corners,
        exact: truth.error === undefined,
      }),
      ...(far ? [sample({ shape: [far.length], params: first, values: far, far: true })] : []),
      sample({ shape: [7, 37], params: first, drawn }),
      sample({ shape: [8, 64], params: first, drawn }),
      ...rest.flatMap((params) => [
        sample({ shape: [8, 64], params }),
        sample({
          shape: [corners.length],
          params,
          values: corners,
          exact: truth.error === undefined,
        }),
      ]),
      ...(integers
        ? [
            ...(['i32', 'u8'] as const).map((dtype) => integerSample(dtype, integers.params)),
            { ...integerSample('i8', integers.params), tier: 'full' } as const,
          ]
        : []),
    ],
    faults,
    plausibleBugs: [
      inputBug('input wrong by 2e-5', 'x', (x) => x * (1 + 2e-5)),
      // A function of positive numbers is none of negative ones.
      ...(drawn ? [] : [inputBug<Params, Inputs>('sign of the input', 'x', (x) => -x)]),
      ...(truth.plausibleBugs ?? []),
    ],
  });
}

/** The kernels' arithmetic, also at `wide` inputs, in which every change of formula lies. */
export function unarySimulation<Given extends object, Params extends object>(
  signature: Unary<Given, Params>,
  truth: UnaryTruth<Given, Params>,
  wide: number,
): Simulation {
  const { computed, computedGradient, drawn = (z) => z } = truth;
  if (!computed || !computedGradient)
    throw new TypeError(`${signature.name} computes nothing that could be simulated`);
  return defineSimulation(signature, {
    forward: (gpu, inputs, params) => ({
      y: { ...inputs.x, data: inputs.x.data.map((x) => computed(gpu, x, params)) },
    }),
    backward: (gpu, inputs, params, grads) => {
      const dy = grads.y.data;
      return {
        x: {
          ...inputs.x,
          data: inputs.x.data.map((x, i) => computedGradient(gpu, x, dy[i] as number, params)),
        },
      };
    },
    samples: truth.params.map((params) => ({
      level: 'legal',
      label: { x: 4096, values: 'wide', ...params },
      params,
      inputs: (random) => ({
        x: hostTensorFrom(
          'f32',
          [4096],
          random.fill(4096, () => drawn(random.uniform(-wide, wide))),
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
  });
}
