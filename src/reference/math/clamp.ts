import { filledTensor } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { clamp as signature } from '../../vocabulary/math/clamp.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { broadcastIndex, broadcastShape, sumTo } from '../broadcast.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { beside, drawIntegersOf, integerTypeOf } from '../integers.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import { drawNumbers, passedBound, passedSum } from './choice.ts';
import { chosen } from './unary.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Name = 'x' | 'min' | 'max';

const NAMES: readonly Name[] = ['x', 'min', 'max'];

/** The shape in which x meets its bounds. */
const shapeOf = ({ x, min = x, max = x }: Readonly<Partial<Record<Name, Shape>> & { x: Shape }>) =>
  broadcastShape(broadcastShape(x, min), max);

const shapeOfInputs = ({ x, min, max }: Inputs): Shape =>
  shapeOf({ x: x.shape, ...(min && { min: min.shape }), ...(max && { max: max.shape }) });

/** x and its bounds at one element of y; a bound that is absent is none. */
function at({ x, min, max }: Inputs, shape: Shape, i: number): Readonly<Record<Name, number>> {
  const of = (bound: Value | undefined, none: number) =>
    bound ? (bound.data[broadcastIndex(i, shape, bound.shape)] as number) : none;
  return {
    x: of(x, Number.NaN),
    min: of(min, Number.NEGATIVE_INFINITY),
    max: of(max, Number.POSITIVE_INFINITY),
  };
}

/** What of a gradient flows to which, as torch has it. */
function shares({ x, min, max }: Readonly<Record<Name, number>>): Record<Name, number> {
  const none = { x: 0, min: 0, max: 0 };
  if (min > max || x > max) return { ...none, max: 1 };
  if (x < min) return { ...none, min: 1 };
  if (x === min && x < max) return { ...none, x: 0.5, min: 0.5 };
  if (x === max && x > min) return { ...none, x: 0.5, max: 0.5 };
  return { ...none, x: 1 };
}

/** What flows to one of them, in y's shape. */
function flowing(inputs: Inputs, name: Name, { shape, data }: Value): Value {
  return { shape, data: data.map((dy, i) => dy * shares(at(inputs, shape, i))[name]) };
}

function clamped(inputs: Inputs): Value {
  const shape = shapeOfInputs(inputs);
  const data = Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
    const { x, min, max } = at(inputs, shape, i);
    return Math.min(Math.max(x, min), max);
  });
  return { shape, data };
}

/** Operands of several types as they are computed beside each other. */
function together(inputs: Inputs): Inputs {
  const operands = NAMES.flatMap((name) => inputs[name] ?? []);
  return { x: inputs.x, ...each(inputs, (value) => beside(value, operands)) };
}

/** One for each of them that is there. */
const each = <T>(inputs: Inputs, of: (value: Value, name: Name) => T): Partial<Record<Name, T>> =>
  Object.fromEntries(
    NAMES.flatMap((name) => {
      const value = inputs[name];
      return value ? [[name, of(value, name)]] : [];
    }),
  );

function sample(
  level: 'exact' | 'legal',
  shapes: { readonly x: Shape; readonly min?: Shape; readonly max?: Shape },
  how: 'exact' | 'legal' | 'positive' = level,
): SampleOf<typeof signature> {
  const { x, min, max } = shapes;
  return {
    level,
    label: Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [name, formatShape(shape)]),
    ),
    params: {},
    inputs: (random) => {
      // Few integers, so that many are equal.
      const draw = (shape: Shape) =>
        how === 'exact'
          ? filledTensor('f32', shape, () => random.integer(-2, 2))
          : drawNumbers(random, shape, 'legal');
      return { x: draw(x), ...(min && { min: draw(min) }), ...(max && { max: draw(max) }) };
    },
    grads: (random) => ({ y: drawNumbers(random, shapeOf(shapes), how) }),
  };
}

/** Integers of one or two types between others; float32 does not hold all of them. */
function integerSample(
  shapes: { readonly x: Shape; readonly min?: Shape; readonly max?: Shape },
  dtypes: readonly ['i32' | 'i8', 'i32' | 'u8' | 'i8'],
): SampleOf<typeof signature> {
  const { x, min, max } = shapes;
  const [dtype, ofBounds] = dtypes;
  return {
    level: 'exact',
    label: {
      ...Object.fromEntries(
        Object.entries(shapes).map(([name, shape]) => [name, formatShape(shape)]),
      ),
      dtypes: dtypes.join(),
    },
    integers: true,
    params: {},
    inputs: (random) => ({
      x: drawIntegersOf(random, x, dtype),
      ...(min && { min: drawIntegersOf(random, min, ofBounds) }),
      ...(max && { max: drawIntegersOf(random, max, ofBounds) }),
    }),
  };
}

/** torch.clamp between tensors. */
export const record = defineRecord(signature, {
  summary: 'y = x between two tensors; the upper one where they cross',
  forward: (inputs) => ({ y: clamped(together(inputs)) }),
  acceptance: ({ x, min, max }, { y }) => ({
    y: integerTypeOf([x, min ?? x, max ?? x]) ? { kind: 'exact' } : chosen(y),
  }),
  vjp: (inputs, _params, grads) =>
    each(inputs, ({ shape }, name) => sumTo(flowing(together(inputs), name, grads.y), shape)),
  // A half of a number is exact.
  vjpAcceptance: (inputs, _gradients, _params, grads, { depth }) =>
    each(inputs, ({ shape }, name) =>
      passedBound(flowing(together(inputs), name, grads.y), shape, depth),
    ),
  samples: [
    sample('exact', { x: [7, 37], min: [37], max: [7, 1] }),
    sample('exact', { x: [5, 13], min: [5, 13] }),
    sample('exact', { x: [5, 13], max: [1] }),
    sample('exact', { x: [23, 47], min: [23, 47], max: [23, 47] }),
    sample('exact', { x: [5, 1, 12], min: [3, 12], max: [5, 3, 1] }),
    sample('exact', { x: [5, 1], min: [13], max: [2, 1, 1] }),
    sample('legal', { x: [7], max: [600, 1] }),
    integerSample({ x: [37, 7], min: [7], max: [37, 1] }, ['i32', 'i32']),
    integerSample({ x: [5, 13], min: [13] }, ['i32', 'u8']),
    integerSample({ x: [5, 13], max: [1] }, ['i8', 'i8']),
    sample('legal', { x: [16, 32], min: [16, 32], max: [16, 32] }),
    sample('legal', { x: [300, 5], min: [5], max: [5] }),
  ],
  faults: [
    {
      name: 'bounds are not kept',
      host: {
        seam: 'clamp.forward',
        wrap:
          () =>
          (_gpu, { x }) => ({ y: x.clone() }),
      },
    },
    {
      name: 'what is beyond a bound flows to x',
      direction: 'backward',
      shader: {
        file: 'math/clamp_share',
        from: 'dy[i] * shares(',
        to: 'dy[i] - shares(',
      },
    },
  ],
  plausibleBugs: [
    inputBug('x wrong by 2e-5', 'x', (x) => x * (1 + 2e-5)),
    inputBug('min wrong by 2e-5', 'min', (x) => x * (1 + 2e-5)),
    inputBug('max wrong by 2e-5', 'max', (x) => x * (1 + 2e-5)),
    {
      name: 'bounds swapped',
      apply: ({ x, min, max }, params) => ({
        inputs: { x, ...(max && { min: max }), ...(min && { max: min }) },
        params,
      }),
    },
  ],
});

export const simulation = defineSimulation(signature, {
  forward: (_gpu, inputs) => ({ y: clamped(inputs) }),
  backward: (gpu, inputs, _params, grads) =>
    each(inputs, ({ shape }, name) => passedSum(gpu, flowing(inputs, name, grads.y), shape)),
  samples: [
    sample('legal', { x: [250, 4], min: [4] }, 'positive'),
    sample('legal', { x: [250, 4], max: [4] }, 'positive'),
    sample('legal', { x: [4], max: [250, 1] }, 'positive'),
  ],
});
