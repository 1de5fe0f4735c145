import type { DType } from '../../tensor/dtype.ts';
import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import type { hqqQuantize as signature } from '../../vocabulary/quant/hqq_quantize.ts';
import type { GivenParams } from '../../vocabulary/signature.ts';
import type { SampleOf } from '../define.ts';

/** Parameters of a sample, which are in its label. */
type SampleParams = {
  readonly [Name in keyof GivenParams<typeof signature>]?: NonNullable<
    GivenParams<typeof signature>[Name]
  >;
};

interface Description {
  readonly dtype?: DType;
  /** Default normal numbers of the size of a layer's weights. */
  readonly values?: { readonly name: string; readonly draw: (random: Random, i: number) => number };
}

function sample(
  shape: Shape,
  params: SampleParams,
  { dtype = 'f32', values }: Description = {},
): SampleOf<typeof signature> {
  return {
    level: 'legal',
    label: {
      weight: formatShape(shape),
      ...params,
      ...(values ? { values: values.name } : {}),
      ...(dtype === 'f32' ? {} : { dtype }),
    },
    params,
    inputs: (random) => ({
      weight: filledTensor(dtype, shape, (i) => values?.draw(random, i) ?? random.normal(0.05)),
    }),
  };
}

/** So large that the shrinkage leaves a part of most errors. */
const LARGE = { name: 'large', draw: (random: Random) => random.normal(3) };

/**
 * Rows of 5: zeros, equal elements, such as are hardly apart, or just so, and such whose inverse is
 * cut off.
 */
const NARROW = {
  name: 'narrow',
  draw: (random: Random, i: number) =>
    [
      0,
      0.3,
      0.3 + random.uniform(0, 9e-5),
      (i % 2) * 1e-4,
      random.uniform(0, 4e-4),
      random.normal(1e-3),
    ][Math.floor(i / 5) % 6] as number,
};

export const samples: readonly SampleOf<typeof signature>[] = [
  sample([8, 64], { axis: 1, group_size: 64 }),
  sample([5, 63], { axis: 1, group_size: 21 }),
  sample([5, 63], { axis: 0, group_size: 21 }),
  // The last words of codes are full, and past them there is half a matrix.
  sample([5, 20], { axis: 1, group_size: 20 }),
  sample([13, 35], { nbits: 3, axis: 1, group_size: 35 }),
  sample([13, 35], { nbits: 3, axis: 0, group_size: 35 }),
  sample([70, 9], { nbits: 2, axis: 1, group_size: 9, iters: 1 }, { values: LARGE }),
  sample([9, 35], { nbits: 2, axis: 0, group_size: 9, iters: 2 }, { values: LARGE }),
  sample([9, 35], { nbits: 1.58, axis: 1, group_size: 7, beta: 3 }, { values: LARGE }),
  sample([9, 37], { nbits: 1, axis: 0, group_size: 9, lp_norm: 1.5 }, { values: LARGE }),
  sample([9, 16], { nbits: 1, axis: 1, group_size: 16, lp_norm: 1, iters: 3 }, { values: LARGE }),
  sample([3, 5, 7], { nbits: 8, axis: 1, group_size: 15 }),
  sample([7, 11], { nbits: 6, axis: 0, group_size: 11 }),
  sample([7, 11], { nbits: 5, axis: 1, group_size: 7, iters: 1 }),
  sample(
    [15, 5],
    { axis: 1, group_size: 5, round_zero: true, optimize: false },
    { values: NARROW },
  ),
  sample([16, 9], { axis: 0, group_size: 12, optimize: false }),
  sample([6, 20], { axis: 1, group_size: 20, round_zero: true, iters: 1 }),
  sample([10, 24], { axis: 1, group_size: 24 }, { dtype: 'f16' }),
  sample([10, 24], { axis: 0, group_size: 24 }, { dtype: 'bf16' }),
  sample([3], { axis: 1, group_size: 1 }),
  // Zeros and scales in 8 bits: of one line, whose inverses are cut off and of two.
  sample([128, 5], { nbits: 3, axis: 1, group_size: 5, quant_zero: true, quant_scale: true }),
  sample(
    [9, 256],
    { nbits: 2, axis: 0, group_size: 9, quant_scale: true, iters: 2 },
    { values: LARGE },
  ),
  sample([9, 7], { nbits: 1, axis: 0, group_size: 9, quant_zero: true }, { values: LARGE }),
  sample(
    [6, 64],
    { axis: 1, group_size: 3, optimize: false, quant_zero: true, quant_scale: true },
    { dtype: 'bf16' },
  ),
];
