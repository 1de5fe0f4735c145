import type { Gpu } from '../../gpu/gpu.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  type HqqProductParams,
  hqqMatmul as signature,
} from '../../vocabulary/matmul/hqq_matmul.ts';
import { HQQ_WORDS } from '../../vocabulary/quant/hqq_quantize.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { multiplyDecoded } from './multiply-decoded.ts';
import { PRODUCT_VARIANTS } from './tiles.ts';

type Weight = Omit<InputsOf<typeof signature, Tensor>, 'x'>;

/**
 * y = x W^T, or x W, with W [out, in] as HQQ packs it, decoded in registers as
 * (code - zero) * scale. x: f32 [..., in] or [..., out]; packed: u8, of 3 bits i32; scale and zero:
 * f32, one for each group. The weight is frozen: only x has a gradient. Throws ShapeError when they
 * do not fit, or where rows of the weight or of the matrix of groups are no whole fours.
 */
export const hqqMatmul = launcher(signature, {
  variants: PRODUCT_VARIANTS,
  storage: { widens: true, decides: ['x'] },
  forward: (gpu, { x, ...weight }, params, variant) => ({
    y: multiplyHqq(gpu, x, weight, params, variant),
  }),
  backward: (gpu, { inputs, grads, params, wants }, variant) => {
    if (!wants.has('x')) return {};
    const other = { ...params, transpose_weight: !params.transpose_weight };
    return { x: multiplyHqq(gpu, grads.y, inputs, other, variant) };
  },
});

function multiplyHqq(
  gpu: Gpu,
  x: Tensor,
  { packed, scale, zero }: Weight,
  params: HqqProductParams,
  variant: string,
): Tensor {
  const { nbits, axis, group_size, out_features, in_features } = params;
  const words = HQQ_WORDS[nbits];
  const groups = (out_features * in_features) / group_size;
  const isAcross = axis === 0;
  const matrix = isAcross ? [group_size, groups] : [groups, group_size];
  const [rows, columns] = matrix as [number, number];
  const count = Math.ceil(rows / words.rows);
  const isWeight =
    columns % 4 === 0 &&
    in_features % (isAcross ? 4 : group_size) === 0 &&
    packed.dtype === words.dtype &&
    packed.size === count * columns &&
    scale.size === groups &&
    zero.size === groups;
  if (!isWeight)
    throw new ShapeError(
      `hqq_matmul: packed ${formatShape(packed.shape)} and scale ${formatShape(scale.shape)} are no weight of ${out_features} x ${in_features} in groups of ${group_size}`,
    );
  return multiplyDecoded(
    gpu,
    {
      op: signature.name,
      loader: 'slices',
      constants: {
        ACROSS: Number(isAcross),
        QUANTO: 0,
        BITS: words.bits,
        SLICES: words.rows,
        WORDS: Number(words.dtype === 'i32'),
      },
      fields: [in_features / (isAcross ? 4 : group_size), columns / 4, count],
      bindings: [packed, scale, zero],
      ...params,
    },
    x,
    variant,
  );
}
