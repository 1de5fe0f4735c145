import type { Gpu } from '../../gpu/gpu.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  type QuantoProductParams,
  quantoMatmul as signature,
} from '../../vocabulary/matmul/quanto_matmul.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { multiplyDecoded } from './multiply-decoded.ts';
import { PRODUCT_VARIANTS } from './tiles.ts';

type Weight = Omit<InputsOf<typeof signature, Tensor>, 'x'>;

/**
 * y = x W^T, or x W, with W [out, in] as optimum-quanto packs it along its rows, decoded in
 * registers as code * scale - shift. x: f32 [..., in] or [..., out]; packed: u8; scale and shift:
 * f32, one for each group. The weight is frozen: only x has a gradient. Throws ShapeError when they
 * do not fit, or where groups are no whole fours.
 */
export const quantoMatmul = launcher(signature, {
  variants: PRODUCT_VARIANTS,
  storage: { widens: true, decides: ['x'] },
  forward: (gpu, { x, ...weight }, params, variant) => ({
    y: multiplyQuanto(gpu, x, weight, params, variant),
  }),
  backward: (gpu, { inputs, grads, params, wants }, variant) => {
    if (!wants.has('x')) return {};
    const other = { ...params, transpose_weight: !params.transpose_weight };
    return { x: multiplyQuanto(gpu, grads.y, inputs, other, variant) };
  },
});

function multiplyQuanto(
  gpu: Gpu,
  x: Tensor,
  { packed, scale, shift }: Weight,
  params: QuantoProductParams,
  variant: string,
): Tensor {
  const { bits, group_size, out_features, in_features } = params;
  const groups = (out_features * in_features) / group_size;
  const count = Math.ceil((groups * bits) / 8);
  const isWeight =
    group_size % 4 === 0 &&
    in_features % group_size === 0 &&
    packed.size === count * group_size &&
    scale.size === groups &&
    shift.size === groups;
  if (!isWeight)
    throw new ShapeError(
      `quanto_matmul: packed ${formatShape(packed.shape)} and scale ${formatShape(scale.shape)} are no weight of ${out_features} x ${in_features} in groups of ${group_size}`,
    );
  return multiplyDecoded(
    gpu,
    {
      op: signature.name,
      loader: 'slices',
      constants: {
        ...{ ACROSS: 0, QUANTO: 1, BITS: bits, SLICES: 8 / bits, WORDS: 0 },
        EIGHTS: Number(group_size % 8 === 0),
      },
      fields: [in_features / group_size, group_size / 4, count],
      bindings: [packed, scale, shift],
      ...params,
    },
    x,
    variant,
  );
}
