import { bytesOfTrits } from '../../quant/ternary/trit-packing.ts';
import type { DType } from '../../tensor/dtype.ts';
import { filledTensor, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import type { bitnetLinear as signature } from '../../vocabulary/quant/bitnet_linear.ts';
import type { SampleOf } from '../define.ts';
import { variantsOf } from './coded-product.ts';
import { drawTrits } from './ternary_matmul.samples.ts';

interface Description {
  readonly dtype?: DType;
  readonly bias?: boolean;
  readonly tier?: 'full';
  readonly gradientTier?: 'full';
  readonly values?: string;
  readonly draw?: (random: Random, i: number) => number;
  readonly trits?: (random: Random) => number;
}

function sample(
  x: Shape,
  out: number,
  {
    dtype = 'f32',
    bias = false,
    tier,
    gradientTier,
    values,
    draw,
    trits = drawTrits,
  }: Description = {},
): SampleOf<typeof signature> {
  const bytes = bytesOfTrits((x.at(-1) as number) * out, 'low');
  const drawn = (shape: Shape, of: (i: number) => number) => filledTensor(dtype, shape, of);
  return {
    level: 'legal',
    variants: variantsOf(x),
    label: {
      ...{ x: formatShape(x), out },
      ...(dtype === 'f32' ? {} : { dtype }),
      bias,
      ...(values ? { values } : {}),
    },
    ...(tier ? { tier } : {}),
    ...(gradientTier ? { gradientTier } : {}),
    params: { out_features: out },
    inputs: (random) => ({
      x: drawn(x, (i) => draw?.(random, i) ?? random.normal()),
      packed: hostTensorFrom(
        'u8',
        [bytes],
        random.fill(bytes, () => trits(random)),
      ),
      scale: drawn([1], () => random.uniform(0.01, 0.1)),
      ...(bias ? { bias: drawn([out], () => random.normal()) } : {}),
    }),
    grads: (random) => ({ y: drawn([...x.slice(0, -1), out], () => random.normal()) }),
  };
}

/** Gradients are products of codes: a quick run has none that compile kernels of their own. */
export const samples: readonly SampleOf<typeof signature>[] = [
  // Rows of trits that begin inside a byte, fours of them in two words.
  sample([5, 37], 7, { bias: true }),
  // Rows of whole words, and of whole bytes that begin inside a word.
  sample([6, 32], 16, { gradientTier: 'full' }),
  sample([2, 3, 20], 33, { bias: true }),
  // One row, aligned or not.
  sample([1, 64], 5, { bias: true, gradientTier: 'full' }),
  sample([19], 3, { gradientTier: 'full' }),
  // A row of zeros, a tiny one, one below the least that is divided by, and one of large numbers.
  sample([4, 13], 6, {
    bias: true,
    values: 'sizes',
    gradientTier: 'full',
    draw: (random, i) => ([0, 3e-6, 1e-30, 1e30][Math.floor(i / 13)] as number) * random.normal(),
  }),
  // Halves of a step, which go to the even code.
  sample([3, 8], 4, {
    values: 'ties',
    gradientTier: 'full',
    draw: (random, i) => (i % 8 === 0 ? 127 : random.integer(-120, 120) + 0.5),
  }),
  sample([7, 41], 10, { dtype: 'f16', bias: true }),
  sample([4, 24], 9, { dtype: 'bf16', gradientTier: 'full' }),
  // All codes are 127 and all trits 1.
  sample([3, 1100], 2, { values: 'ones', gradientTier: 'full', draw: () => 1, trits: () => 0xaa }),
  // More than one workgroup of each kernel, and tiles of each number of rows. That, and results that
  // fill their workgroups, a quick run has of quanto_linear, whose kernels differ by a constant.
  sample([35, 12], 66, { bias: true, tier: 'full' }),
  sample([12, 45], 16, { tier: 'full' }),
];
