import type { DType } from '../../tensor/dtype.ts';
import { heldAs } from '../../tensor/half.ts';
import { filledTensor, hostTensorFrom } from '../../tensor/host.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { cast as signature } from '../../vocabulary/math/cast.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Value } from '../record.ts';

type Target = ParamsOf<typeof signature>['to'];

/** Bits of an integer type, negative when it is signed. */
const INTEGERS: Readonly<Record<string, { readonly low: number; readonly high: number }>> = {
  int32: { low: -(2 ** 31), high: 2 ** 31 - 1 },
  uint8: { low: 0, high: 255 },
  int8: { low: -128, high: 127 },
};

const isInteger = (dtype: DType | undefined): boolean =>
  dtype === 'i32' || dtype === 'u8' || dtype === 'i8';

/** What is left of an integer when the bits beyond a type's are dropped. */
function wrapped(
  n: number,
  { low, high }: { readonly low: number; readonly high: number },
): number {
  const span = high - low + 1;
  const rest = ((n % span) + span) % span;
  return rest > high ? rest - span : rest;
}

/** One element in another type; floats beyond an integer type's range become its nearest end. */
function castOf(x: number, to: Target, from: DType | undefined): number {
  if (to === 'float64') return x;
  if (to === 'float32') return Math.fround(x);
  if (to === 'float16') return heldAs('f16', x);
  if (to === 'bfloat16') return heldAs('bf16', x);
  if (to === 'bool') return x === 0 ? 0 : 1;
  const range = INTEGERS[to] as { readonly low: number; readonly high: number };
  if (Number.isNaN(x)) return 0;
  return isInteger(from)
    ? wrapped(x, range)
    : Math.min(Math.max(Math.trunc(x), range.low), range.high);
}

/**
 * What a cast may also give. Of floats that an integer type cannot hold the standards say nothing:
 * they may become the nearest end of the range, lose their high bits, or come from the x86 "integer
 * indefinite" -2^31. An integer beyond 2^24 becomes either float32 beside it.
 */
function alternatives(n: number, to: Target, from: DType | undefined): readonly number[] {
  const range = INTEGERS[to];
  if (isInteger(from)) {
    const unit = 2 ** (Math.floor(Math.log2(Math.abs(n))) - 23);
    const below = Math.floor(n / unit);
    const more = Math.ceil(n / unit) - below;
    return range || n === 0
      ? []
      : [0, more].map((steps) => castOf((below + steps) * unit, to, from));
  }
  const whole = Math.trunc(n);
  if (!range || (whole >= range.low && whole <= range.high)) return [];
  const others = Number.isFinite(n) ? [wrapped(whole, range)] : Object.values(range);
  // -2^31 has the bits of 2^31.
  return others.concat(wrapped(2 ** 31, range));
}

/** Equal values, a NaN for a NaN, and {@link alternatives}. */
function acceptanceOf(x: Value, y: Value, to: Target): Acceptance {
  const others = (i: number) => alternatives(x.data[i] as number, to, x.dtype);
  return {
    kind: 'codes',
    accepts: (i, actual) => {
      const truth = y.data[i] as number;
      return (
        actual === truth ||
        (Number.isNaN(truth) && Number.isNaN(actual)) ||
        others(i).includes(actual)
      );
    },
    inBand: x.data.reduce(
      (count, _, i) => count + Number(others(i).some((other) => other !== y.data[i])),
      0,
    ),
  };
}

const TYPE_OF: Readonly<Partial<Record<DType, Target>>> = {
  f16: 'float16',
  bf16: 'bfloat16',
};

/** The gradient in the type of x. */
function gradientOf(x: Value, dy: Value): Value {
  const to = (x.dtype && TYPE_OF[x.dtype]) ?? 'float32';
  return { shape: x.shape, data: dy.data.map((d) => castOf(d, to, 'f32')) };
}

/** Zeros, ties of both halves, ends of every range and what is beyond, denormals of each format. */
const FLOATS = [
  ...[
    0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 127.9, 128, -128.9, -129, 254.5, 255.9, 256, 300, -300,
    -1e-3,
  ],
  ...[
    1 + 2 ** -11,
    1 + 3 * 2 ** -11,
    1 + 2 ** -11 + 2 ** -23,
    1 + 2 ** -8,
    1 + 3 * 2 ** -8,
    1 + 2 ** -8 + 2 ** -23,
    2 - 2 ** -20,
  ],
  ...[
    65504,
    65519.996,
    65520,
    -65520,
    65536,
    1e6,
    3.4e38,
    -3.4e38,
    (2 - 2 ** -23) * 2 ** 30,
    2 ** 31,
    -(2 ** 31),
    -3e9,
    2 ** 24,
    0.1,
  ],
  ...[
    2 ** -14,
    2 ** -14 - 2 ** -25,
    2 ** -15 + 2 ** -25,
    3 * 2 ** -25,
    2 ** -25,
    2 ** -25 + 2 ** -40,
    2 ** -26,
    -(2 ** -24),
    1e-30,
  ],
  ...[
    2 ** -126,
    2 ** -133,
    2 ** -149,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
  ],
];

const INTEGER_VALUES = [
  ...[
    0, 1, -1, 127, 128, -128, -129, 255, 256, 300, -300, 65504, 65520, -65520, 16777215, 16777216,
    16777217, 16777219, -16777217,
  ],
  ...[
    33554434,
    33554438,
    33554435,
    -33554437,
    2147483647,
    1 << 31,
    -2147483647,
    2147483583,
    2147483584,
    1073741888,
    1073741889,
  ],
];

/** Elements that lie in an integer type, drawn where the list of corner values is too short. */
function values(from: DType, shape: Shape): readonly number[] {
  const source = isInteger(from) ? INTEGER_VALUES : FLOATS;
  return Array.from({ length: sizeOf(shape) }, (_, i) => source[(i * 7) % source.length] as number);
}

interface Draw {
  readonly from: DType;
  readonly to: Target;
  readonly shape?: Shape;
  readonly tier?: 'full';
  readonly gradient?: boolean;
}

function sample({ from, to, shape = [257], tier, gradient }: Draw): SampleOf<typeof signature> {
  return {
    level: to === 'float64' ? 'legal' : 'exact',
    label: { from, to, x: shape.join('x') },
    ...(tier ? { tier } : {}),
    params: { to },
    inputs: (random) => ({
      x: hostTensorFrom(
        from,
        shape,
        gradient ? random.fill(sizeOf(shape), () => random.normal(3)) : values(from, shape),
      ),
    }),
    ...(gradient
      ? {
          grads: (random) => ({
            y: filledTensor('f32', shape, () => random.normal()),
          }),
        }
      : {}),
  };
}

/** ONNX's Cast, torch's Tensor.to. */
export const record = defineRecord(signature, {
  summary: 'y = x in another element type',
  forward: ({ x }, { to }) => ({
    y: { shape: x.shape, data: x.data.map((value) => castOf(value, to, x.dtype)) },
  }),
  acceptance: ({ x }, { y }, { to }) => ({ y: acceptanceOf(x, y, to) }),
  vjp: ({ x }, _params, grads) => ({ x: gradientOf(x, grads.y) }),
  vjpAcceptance: () => ({ x: { kind: 'exact' } }),
  samples: [
    sample({ from: 'f32', to: 'float16', shape: [1031] }),
    sample({ from: 'f32', to: 'bfloat16' }),
    sample({ from: 'f32', to: 'int32' }),
    sample({ from: 'f32', to: 'uint8', shape: [3, 37] }),
    sample({ from: 'f32', to: 'int8', shape: [3, 37] }),
    sample({ from: 'f32', to: 'bool' }),
    sample({ from: 'i8', to: 'bool' }),
    sample({ from: 'f16', to: 'float32', shape: [131] }),
    sample({ from: 'bf16', to: 'float16', shape: [131] }),
    sample({ from: 'i32', to: 'float32' }),
    sample({ from: 'i32', to: 'int8' }),
    sample({ from: 'i8', to: 'float16', shape: [131] }),
    sample({ from: 'u8', to: 'int32', shape: [131] }),
    sample({ from: 'f32', to: 'float64', shape: [1], gradient: true }),
    sample({ from: 'bf16', to: 'float32', shape: [5, 13], gradient: true }),
    sample({ from: 'f16', to: 'bool', tier: 'full' }),
    sample({ from: 'f16', to: 'int8', tier: 'full' }),
    sample({ from: 'i32', to: 'bfloat16', tier: 'full' }),
    sample({ from: 'u8', to: 'int8', tier: 'full' }),
    sample({ from: 'bf16', to: 'int32', tier: 'full' }),
    sample({ from: 'f16', to: 'float64', tier: 'full' }),
  ],
  faults: [
    {
      name: 'the next element',
      shader: {
        file: 'math/cast',
        from: 'vec4u(converted(four.x)',
        to: 'vec4u(converted(four.y)',
      },
    },
    {
      name: 'the gradient of the next element',
      direction: 'backward',
      shader: {
        file: 'math/cast',
        from: 'vec4u(converted(four.x)',
        to: 'vec4u(converted(four.y)',
      },
    },
  ],
  plausibleBugs: [
    paramsBug('the other half format', ({ to }) => ({
      to: to === 'float16' ? 'bfloat16' : 'float16',
    })),
    inputBug('x wrong by 2e-5', 'x', (x) => x * (1 + 2e-5)),
    inputBug('toward zero for nearest', 'x', (x) => Math.trunc(x * 1024) / 1024),
  ],
});
