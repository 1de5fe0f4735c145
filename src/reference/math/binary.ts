import { filledTensor, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import type { Binary } from '../../vocabulary/binary.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, gamma, SECOND_ORDER, sumLevels } from '../bounds.ts';
import { broadcastIndex, broadcastShape, sumTo } from '../broadcast.ts';
import { defineRecord, defineSimulation, type RecordOf, type SampleOf } from '../define.ts';
import type { Foreseen, Range, Steps } from '../foreseen.ts';
import { beside, integerTypeOf, wrapped } from '../integers.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Depth, Intermediates, ShaderFault, Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import type { Simulation } from '../simulation/simulation.ts';
import { sharedSum } from '../simulation/sums.ts';
import { chosen } from './unary.ts';

type Operands = InputsOf<Binary, Value>;

/** What one operand's gradient is made of, element by element. */
interface Side {
  /** Derivative of f in this operand. */
  readonly derivative: (a: number, b: number) => number;
  /** Units that a term dy * derivative may be off before it is summed. */
  readonly units: number;
  /** What flushing may cost a term. */
  readonly flush: (a: number, b: number, dy: number) => number;
  /** What stands between in the formulas of libraries. Default none. */
  readonly between?: (a: number, b: number, dy: number) => readonly Intermediate[];
  /** A term by libraries' own formulas, where they store each step. Default none. */
  readonly steps?: readonly ((steps: Steps, a: number, b: number, dy: number) => Range)[];
  /** The kernels' term. */
  readonly term: (gpu: SimulatedGpu, a: number, b: number, dy: number) => number;
}

/** A number, and how far an error of 1 in it moves what it is part of. */
type Intermediate = readonly [size: number, carried: number];

/** An element-wise function of two operands, from which its record and its simulation follow. */
export interface BinaryTruth {
  readonly symbol: string;
  /** What it gives, in words, and its mistake. Default those of an operator. */
  readonly summary?: string;
  readonly fault?: ShaderFault;
  readonly f: (a: number, b: number) => number;
  /** The same of integers, or what is left of it in 32 bits; absent where it computes floats. */
  readonly integers?: (a: number, b: number) => number;
  /** How the kernel of integers writes it. Default with the symbol between the operands. */
  readonly integerText?: string;
  readonly computed: (gpu: SimulatedGpu, a: number, b: number) => number;
  /** How far y may be off. Absent where the kernel only chooses between the operands. */
  readonly error?: (a: number, b: number) => number;
  /** What stands between in the formulas of libraries. Default none. */
  readonly between?: (a: number, b: number) => readonly Intermediate[];
  readonly a: Side;
  readonly b: Side;
  /** Whether results of small integers are integers. */
  readonly isExact: boolean;
  /** What leaves the other operand as it is. */
  readonly neutral: number;
  /** How operands are drawn of a function that is not defined everywhere. */
  readonly drawn?: { readonly [Operand in 'a' | 'b']: (random: Random) => number };
  /**
   * Operands that are corners of the function, and as floats of a choice have gradients: elsewhere
   * it may have none there.
   */
  readonly corners?: readonly (readonly [a: number, b: number])[];
}

const normal = (random: Random): number => random.normal();

/** A value for every element of y, from the operands that meet there. */
export function mapPairs(
  { a, b }: Operands,
  f: (a: number, b: number, index: number) => number,
): Value {
  const shape = broadcastShape(a.shape, b.shape);
  const data = Float64Array.from(
    { length: shape.some((n) => n === 0) ? 0 : sizeOf(shape) },
    (_, i) =>
      f(
        a.data[broadcastIndex(i, shape, a.shape)] as number,
        b.data[broadcastIndex(i, shape, b.shape)] as number,
        i,
      ),
  );
  return { shape, data };
}

/**
 * The bound of an operand's gradient: each term's own error, and that of the sum of those that meet
 * in one element.
 */
function gradientBound(
  inputs: Operands,
  { data: dy }: Value,
  shape: Shape,
  { derivative, units, flush }: Side,
  depth: Depth,
): Float64Array {
  const terms = mapPairs(inputs, (a, b, i) => Math.abs(derivative(a, b) * (dy[i] as number)));
  const flushes = sumTo(
    mapPairs(inputs, (a, b, i) => flush(a, b, Math.abs(dy[i] as number))),
    shape,
  );
  const count = terms.data.length / sizeOf(shape);
  return sumTo(terms, shape).data.map(
    (sum, i) =>
      (units * EPS + gamma(sumLevels(count, depth))) * sum * SECOND_ORDER +
      (flushes.data[i] as number),
  );
}

/** What meets in each element of `shape`: the largest number, and all that errors carry. */
function intermediatesOf(
  inputs: Operands,
  shape: Shape,
  between: (a: number, b: number, i: number) => readonly Intermediate[],
): Required<Intermediates> {
  const largest = new Float64Array(sizeOf(shape));
  const whole = broadcastShape(inputs.a.shape, inputs.b.shape);
  const carried = mapPairs(inputs, (a, b, i) => {
    const found = between(a, b, i);
    const at = broadcastIndex(i, whole, shape);
    largest[at] = Math.max(largest[at] as number, ...found.map(([size]) => Math.abs(size)));
    return found.reduce((sum, [, by]) => sum + Math.abs(by), 0);
  });
  return { largest, carried: sumTo(carried, shape).data };
}

/** An operand's gradient by each formula: terms, and the stored sum of those that meet. */
function foreseenOf(
  steps: Steps,
  inputs: Operands,
  { data: dy }: Value,
  { shape }: Value,
  formulas: Side['steps'] = [],
): readonly Foreseen[] {
  const whole = broadcastShape(inputs.a.shape, inputs.b.shape);
  return formulas.map((term) => {
    const meeting = Array.from({ length: sizeOf(shape) }, (): Range[] => []);
    mapPairs(inputs, (a, b, i) => {
      meeting[broadcastIndex(i, whole, shape)]?.push(term(steps, a, b, dy[i] as number));
      return 0;
    });
    return meeting.map((terms) => steps.stored(steps.sum(terms)));
  });
}

interface Draw {
  readonly level?: 'exact' | 'legal';
  readonly a: Shape;
  readonly b: Shape;
  /**
   * Magnitudes from 10^-`decades` to 10^`decades`, which differences cannot probe: forward only.
   */
  readonly decades?: number;
  /** Whether the gradient of the output is positive, so that rounding in one direction adds up. */
  readonly positive?: boolean;
}

function sampleOf(
  { isExact, neutral, drawn }: BinaryTruth,
  { level = 'legal', a, b, decades, positive }: Draw,
): SampleOf<Binary> {
  const sign = (random: Random) => 2 * random.integer(0, 1) - 1;
  const any = (random: Random): number => {
    if (level === 'exact') return random.integer(-99, 99);
    if (decades !== undefined) return sign(random) * 10 ** random.uniform(-decades, decades);
    return normal(random);
  };
  // A divisor near 0 would make every other number invisible.
  const divisor = (random: Random) =>
    decades === undefined ? sign(random) * random.uniform(0.25, 4) : any(random);
  const draw = (random: Random, shape: Shape, element: (random: Random) => number) =>
    filledTensor('f32', shape, () => element(random));
  return {
    level,
    label: { a: formatShape(a), b: formatShape(b), ...(decades === undefined ? {} : { decades }) },
    params: {},
    inputs: (random) => ({
      a: draw(random, a, drawn?.a ?? any),
      b: draw(random, b, drawn?.b ?? (isExact || neutral === 0 ? any : divisor)),
    }),
    ...(decades === undefined
      ? {
          grads: (random) => ({
            y: draw(
              random,
              broadcastShape(a, b),
              positive ? (each) => each.uniform(0.5) : level === 'exact' ? any : normal,
            ),
          }),
        }
      : {}),
  };
}

/** Operands that stand at corners. */
function cornerSample(
  corners: readonly (readonly [a: number, b: number])[],
  isChoice: boolean,
): SampleOf<Binary> {
  const shape = [corners.length];
  const of = (side: 0 | 1) =>
    hostTensorFrom(
      'f32',
      shape,
      corners.map((pair) => pair[side]),
    );
  return {
    level: isChoice ? 'exact' : 'legal',
    label: { a: formatShape(shape), b: formatShape(shape), values: 'corners' },
    params: {},
    inputs: () => ({ a: of(0), b: of(1) }),
    ...(isChoice
      ? {
          grads: (random) => ({
            y: hostTensorFrom(
              'f32',
              shape,
              random.fill(corners.length, () => random.integer(1, 9)),
            ),
          }),
        }
      : {}),
  };
}

/** Ends of the types, and what overflows and comes back. */
const INTEGERS = {
  i32: [2 ** 31 - 1, -(2 ** 31), 16777217, 16777216, -16777217, 46341, 65537, -65536, 3, -1, 0],
  u8: [255, 0, 1, 2, 16, 17, 128, 129, 254],
  i8: [127, -128, -1, 0, 1, 2, 11, 12, -16, 100],
} as const;

/** Operands of one or two integer types, in which every corner of a meets every one of b. */
function integerSample(
  aType: keyof typeof INTEGERS,
  bType: keyof typeof INTEGERS,
): SampleOf<Binary> {
  const a = INTEGERS[aType];
  const b = INTEGERS[bType];
  return {
    level: 'exact',
    label: { a: `${a.length}x1`, b: formatShape([b.length]), dtypes: `${aType},${bType}` },
    integers: true,
    params: {},
    inputs: () => ({
      a: hostTensorFrom(aType, [a.length, 1], a),
      b: hostTensorFrom(bType, [b.length], b),
    }),
  };
}

/** Integers of all sizes, in four workgroups, each beside its own. */
const ALONGSIDE: SampleOf<Binary> = {
  level: 'exact',
  label: { a: '1013', b: '1013', dtypes: 'i32,i32' },
  integers: true,
  params: {},
  inputs: (random) => {
    const any = () => random.integer(-(2 ** 31), 2 ** 31 - 1);
    return {
      a: hostTensorFrom('i32', [1013], random.fill(1013, any)),
      b: hostTensorFrom('i32', [1013], random.fill(1013, any)),
    };
  },
};

/** Integers of every type beside another. */
export const INTEGER_SAMPLES: readonly SampleOf<Binary>[] = [
  ALONGSIDE,
  integerSample('i32', 'i32'),
  integerSample('u8', 'u8'),
  integerSample('i8', 'i32'),
  { ...integerSample('i8', 'i8'), tier: 'full' },
];

/** y of integers: equal, in the type that torch gives them. */
function integerResult(inputs: Operands, integers: BinaryTruth['integers']): Value | undefined {
  const type = integers && integerTypeOf([inputs.a, inputs.b]);
  return type && mapPairs(inputs, (a, b) => wrapped(integers(a, b), type));
}

/** Operands of two types as they are computed beside each other. */
export const together = ({ a, b }: Operands): Operands => ({
  a: beside(a, [a, b]),
  b: beside(b, [a, b]),
});

/** The record of an element-wise function with broadcasting. */
export function binaryRecord(signature: Binary, truth: BinaryTruth): RecordOf<Binary> {
  const { symbol, f, integers, error, neutral, drawn, corners } = truth;
  const exact = { level: 'exact' } as const;
  return defineRecord(signature, {
    summary: truth.summary ?? `y = a ${symbol} b, with broadcasting`,
    forward: (inputs) => ({
      y: integerResult(inputs, integers) ?? mapPairs(together(inputs), f),
    }),
    acceptance: (inputs, { y }) => {
      if (integerResult(inputs, integers)) return { y: { kind: 'exact' } };
      const bound = error && mapPairs(together(inputs), error).data;
      return { y: bound ? { kind: 'within', bound } : chosen(y) };
    },
    intermediates: (given, _params, grads): Readonly<Record<string, Intermediates>> => {
      const inputs = together(given);
      if (!grads) {
        const shape = broadcastShape(inputs.a.shape, inputs.b.shape);
        return truth.between ? { y: intermediatesOf(inputs, shape, truth.between) } : {};
      }
      const dy = grads.y.data;
      const of = ({ between = () => [], derivative }: Side, { shape }: Value) => {
        const at = (a: number, b: number, i: number) => between(a, b, dy[i] as number);
        const { largest, carried } = intermediatesOf(inputs, shape, at);
        // Terms that are added up to one of another sign.
        const sizes = mapPairs(inputs, (a, b, i) => Math.abs(derivative(a, b) * (dy[i] as number)));
        const sums = sizes.data.length > largest.length ? sumTo(sizes, shape).data : [];
        return { largest: largest.map((x, i) => Math.max(x, sums[i] ?? 0)), carried };
      };
      return { a: of(truth.a, inputs.a), b: of(truth.b, inputs.b) };
    },
    ...((truth.a.steps || truth.b.steps) && {
      foreseen: (steps, given, _params, grads): Readonly<Record<string, readonly Foreseen[]>> => {
        if (!grads) return {};
        const inputs = together(given);
        return {
          a: foreseenOf(steps, inputs, grads.y, inputs.a, truth.a.steps),
          b: foreseenOf(steps, inputs, grads.y, inputs.b, truth.b.steps),
        };
      },
    }),
    vjp: (given, _params, grads) => {
      const inputs = together(given);
      const dy = grads.y.data;
      const along = ({ derivative }: Side, { shape }: Value) =>
        sumTo(
          mapPairs(inputs, (x, y, i) => derivative(x, y) * (dy[i] as number)),
          shape,
        );
      return { a: along(truth.a, inputs.a), b: along(truth.b, inputs.b) };
    },
    vjpAcceptance: (given, _gradients, _params, grads, { depth }) => {
      const inputs = together(given);
      const bound = (side: Side, { shape }: Value) =>
        gradientBound(inputs, grads.y, shape, side, depth);
      return {
        a: { kind: 'within', bound: bound(truth.a, inputs.a) },
        b: { kind: 'within', bound: bound(truth.b, inputs.b) },
      };
    },
    samples: [
      ...(truth.isExact
        ? [
            sampleOf(truth, { ...exact, a: [7, 37], b: [7, 37] }),
            sampleOf(truth, { ...exact, a: [5, 1, 7], b: [3, 1] }),
            sampleOf(truth, { ...exact, a: [1], b: [2, 1, 2, 3] }),
          ]
        : []),
      sampleOf(truth, { a: [16, 32], b: [16, 32] }),
      sampleOf(truth, { a: [5], b: [600, 5] }),
      sampleOf(truth, { a: [2, 3, 2, 5], b: [3, 1, 5] }),
      ...(drawn ? [] : [sampleOf(truth, { a: [77], b: [77], decades: 9 })]),
      ...(corners ? [cornerSample(corners, error === undefined)] : []),
      ...(integers ? INTEGER_SAMPLES : []),
    ],
    faults: [
      ...(integers
        ? [
            {
              name: 'another operation of integers',
              integers: true,
              shader: {
                file: `math/integer_${signature.name}`,
                from: truth.integerText ?? `pair.a ${symbol} pair.b`,
                to: symbol === '+' ? 'pair.a - pair.b' : 'pair.a + pair.b',
              },
            },
          ]
        : []),
      {
        name: 'another operation',
        integers: false,
        ...(truth.fault ?? {
          shader: {
            file: `math/${signature.name}`,
            from: `return a ${symbol} b`,
            to: symbol === '+' ? 'return a - b' : 'return a + b',
          },
        }),
      },
      {
        name: 'y flows back for dy',
        direction: 'backward',
        host: {
          seam: `${signature.name}.backward`,
          wrap: (original) => (gpu, context, variant) =>
            original(gpu, { ...context, grads: { y: context.outputs.y } }, variant),
        },
      },
    ],
    plausibleBugs: [
      inputBug('a wrong by 2e-5', 'a', (x) => x * (1 + 2e-5)),
      inputBug('b wrong by 2e-5', 'b', (x) => x * (1 + 2e-5)),
      inputBug('b dropped', 'b', () => neutral),
      {
        name: 'operands swapped',
        apply: (inputs, params) => ({
          inputs: { a: inputs.b, b: negated(inputs.a) },
          params,
        }),
      },
    ],
  });
}

const negated = (value: Value): Value => ({ ...value, data: value.data.map((x) => -x) });

/** The kernels' arithmetic: the function, and terms of the gradients summed as reduce_sum does. */
export function binarySimulation(signature: Binary, truth: BinaryTruth): Simulation {
  const { computed, a: sideA, b: sideB } = truth;
  const gradient = (
    gpu: SimulatedGpu,
    inputs: Operands,
    { data: dy }: Value,
    { term }: Side,
    { shape }: Value,
  ): Value => {
    const all = mapPairs(inputs, (a, b, i) => term(gpu, a, b, dy[i] as number));
    const own = Array.from({ length: sizeOf(shape) }, (): number[] => []);
    all.data.forEach((value, i) => {
      own[broadcastIndex(i, all.shape, shape)]?.push(value);
    });
    return { shape, data: Float64Array.from(own, (terms) => sharedSum(gpu, terms)) };
  };
  return defineSimulation(signature, {
    forward: (gpu, inputs) => ({ y: mapPairs(inputs, (a, b) => computed(gpu, a, b)) }),
    backward: (gpu, inputs, _params, grads) => ({
      a: gradient(gpu, inputs, grads.y, sideA, inputs.a),
      b: gradient(gpu, inputs, grads.y, sideB, inputs.b),
    }),
    samples: [
      sampleOf(truth, { a: [5], b: [250, 5], positive: true }),
      sampleOf(truth, { a: [250, 5], b: [5], positive: true }),
      sampleOf(truth, { a: [2000, 1], b: [1, 1], positive: true }),
    ],
  });
}

/** An operand whose gradient is the incoming one. */
export const COPIED: Side = {
  derivative: () => 1,
  units: 0,
  flush: () => 2 * FLUSH,
  term: (_gpu, _a, _b, dy) => dy,
};
