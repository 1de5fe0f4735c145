import type { DType } from '../../tensor/dtype.ts';
import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import type { quantoLinear as signature } from '../../vocabulary/quant/quanto_linear.ts';
import type { SampleOf } from '../define.ts';
import { variantsOf } from './coded-product.ts';

interface Description {
  readonly dtype?: DType;
  readonly bias?: boolean;
  readonly gradientTier?: 'full';
  /** What the scale of x is a 127th of; default the largest of many normal numbers. */
  readonly largest?: number;
  readonly values?: string;
  readonly draw?: (random: Random) => number;
  readonly codes?: (random: Random) => number;
}

const drawCodes = (random: Random) => random.integer(-128, 127);

function sample(
  x: Shape,
  out: number,
  {
    dtype = 'f32',
    bias = false,
    gradientTier,
    largest = 3,
    values,
    draw = (random) => random.normal(),
    codes = drawCodes,
  }: Description = {},
): SampleOf<typeof signature> {
  const drawn = (of: DType, shape: Shape, random: Random, each: (random: Random) => number) =>
    filledTensor(of, shape, () => each(random));
  return {
    level: 'legal',
    variants: variantsOf(x),
    label: {
      ...{ x: formatShape(x), out },
      ...(dtype === 'f32' ? {} : { dtype }),
      bias,
      ...(values ? { values } : {}),
    },
    ...(gradientTier ? { gradientTier } : {}),
    params: {},
    inputs: (random) => ({
      x: drawn(dtype, x, random, draw),
      q: drawn('i8', [out, x.at(-1) as number], random, codes),
      scale: drawn(dtype, [out, 1], random, () => random.uniform(0.001, 0.01)),
      input_scale: drawn(dtype, [1], random, () => largest / 127),
      ...(bias ? { bias: drawn(dtype, [out], random, () => random.normal()) } : {}),
    }),
    grads: (random) => ({
      y: drawn(dtype, [...x.slice(0, -1), out], random, () => random.normal()),
    }),
  };
}

/** Gradients are products of codes: a quick run has none that compile kernels of their own. */
export const samples: readonly SampleOf<typeof signature>[] = [
  // Rows of codes that begin inside a word.
  sample([5, 37], 7, { bias: true }),
  sample([6, 32], 16, { gradientTier: 'full' }),
  sample([2, 3, 20], 33, { bias: true }),
  // One row, aligned or not.
  sample([1, 64], 5, { bias: true, gradientTier: 'full' }),
  sample([19], 3, { gradientTier: 'full' }),
  // A third of x is beyond its codes, on both sides.
  sample([4, 45], 6, { bias: true, values: 'clamped', largest: 1 }),
  // Halves of a step, which go to the even code.
  sample([3, 24], 4, {
    values: 'ties',
    gradientTier: 'full',
    // By 1/8 quotients are exact.
    largest: 15.875,
    draw: (random) => random.integer(-300, 300) / 16,
  }),
  // Of zeros alone, which a calibration gave the scale 0.
  sample([3, 9], 5, { bias: true, values: 'zeros', largest: 0, draw: () => 0 }),
  sample([7, 41], 10, { dtype: 'f16', bias: true }),
  sample([4, 24], 9, { dtype: 'bf16' }),
  // Odd sums beyond 2^24, which no float holds.
  sample([3, 1101], 2, {
    values: 'largest',
    gradientTier: 'full',
    draw: () => 9,
    codes: () => 127,
  }),
  // More than one workgroup of each kernel, and tiles of each number of rows.
  sample([35, 12], 66, { bias: true, gradientTier: 'full' }),
  // Results that fill their workgroups.
  sample([12, 45], 16, { gradientTier: 'full' }),
];
