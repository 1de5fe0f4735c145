import type { Gpu } from '../../gpu/gpu.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  type QuantoProductParams,
  quantoMatrix,
  quantoMatmul as signature,
} from '../../vocabulary/matmul/quanto_matmul.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { multiplyDecoded } from './multiply-decoded.ts';
import { PRODUCT_VARIANTS } from './tiles.ts';

type Weight = Omit<InputsOf<typeof signature, Tensor>, 'x'>;

/**
 * y = x W^T, or x W, with W [out, in] as optimum-quanto packs it along its rows or its columns,
 * decoded in registers as code * scale - shift. x: f32 [..., in] or [..., out]; packed: u8; scale and
 * shift: f32, one for each group. The weight is frozen: only x has a gradient. Throws ShapeError when
 * they do not fit, or where groups along rows, or rows that groups cross, are no whole fours.
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
  const { bits, axis, group_size, out_features, in_features } = params;
  const groups = (out_features * in_features) / group_size;
  const isAcross = axis === -1;
  const [rows, columns] = quantoMatrix(params);
  const count = Math.ceil((rows * bits) / 8);
  const isWeight =
    (isAcross ? in_features : group_size) % 4 === 0 &&
    (isAcross ? out_features : in_features) % group_size === 0 &&
    packed.size === count * columns &&
    scale.size === groups &&
    shift.size === groups;
  if (!isWeight)
    throw new ShapeError(
      `quanto_matmul: packed ${formatShape(packed.shape)} and scale ${formatShape(scale.shape)} are no weight of ${out_features} x ${in_features} in groups of ${group_size}`,
    );
  const { layout, line, parts } = layoutOf(params);
  return multiplyDecoded(
    gpu,
    {
      op: signature.name,
      loader: 'slices',
      constants: { QUANTO: 1, BITS: bits, SLICES: 8 / bits, WORDS: 0, ...layout },
      fields: [line, columns / 4, count, parts],
      bindings: [packed, scale, shift],
      ...params,
    },
    x,
    variant,
  );
}

/** How the loader finds elements: groups along rows, columns that are groups, or parts of columns. */
function layoutOf({ axis, group_size, out_features, in_features }: QuantoProductParams) {
  if (axis === 0) {
    const layout = { ACROSS: 0, APART: 0, EIGHTS: Number(group_size % 8 === 0) };
    return { layout, line: in_features / group_size, parts: 1 };
  }
  const parts = out_features / group_size;
  return parts === 1
    ? { layout: { ACROSS: 1, APART: 0 }, line: in_features / 4, parts }
    : { layout: { APART: 1, SHARED: Number(group_size % 4 === 0) }, line: group_size, parts };
}
