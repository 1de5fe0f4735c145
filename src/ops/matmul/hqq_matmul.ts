import type { Gpu } from '../../gpu/gpu.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import {
  type HqqProductParams,
  hqqMatmul as signature,
} from '../../vocabulary/matmul/hqq_matmul.ts';
import { HQQ_WORDS } from '../../vocabulary/quant/hqq_quantize.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { PERMUTING_KERNELS, permuted } from '../shape/copy.ts';
import { withKernels } from '../variants.ts';
import { type Loaders, launchProduct, type Operand } from './launch-product.ts';
import { boundTo, type CodedOperand, multiplyDecoded, rowsOf } from './multiply-decoded.ts';
import { leftOf } from './product.ts';
import { PRODUCT_VARIANTS } from './tiles.ts';

type Weight = Omit<InputsOf<typeof signature, Tensor>, 'x'>;

/**
 * y = x W^T, or x W, with W [out, in] as HQQ packs it, decoded in registers as
 * (code - zero) * scale. x: f32 [..., in] or [..., out]; packed: u8, of 3 bits i32; scale and zero:
 * f32, one for each group. The weight is frozen: only x has a gradient. Throws ShapeError when they
 * do not fit, or where rows of the weight or of the matrix of groups are no whole fours.
 */
export const hqqMatmul = launcher(signature, {
  variants: withKernels(PRODUCT_VARIANTS, PERMUTING_KERNELS),
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
  const { nbits, axis, group_size, out_features, in_features, transpose_weight } = params;
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
  const weight = { op: signature.name, bindings: [packed, scale, zero], ...params } as const;
  const packing = {
    QUANTO: 0,
    BITS: words.bits,
    SLICES: words.rows,
    WORDS: Number(words.dtype === 'i32'),
  };
  const fields = [columns / 4, count];
  if (isAcross && transpose_weight && columns % in_features === 0)
    return multiplyAcross(
      gpu,
      { ...weight, group_size },
      x,
      { constants: packing, fields },
      variant,
    );
  const EIGHTS = Number(!isAcross && group_size % 8 === 0);
  const constants = { ...packing, ACROSS: Number(isAcross), EIGHTS };
  const line = in_features / (isAcross ? 4 : group_size);
  return multiplyDecoded(
    gpu,
    { ...weight, loader: 'slices', constants, fields: [line, ...fields] },
    x,
    variant,
  );
}

/**
 * x W^T where rows of W that are a number of rows apart share their groups: a batch of products, one
 * for each row before the groups come round, by which four columns have four scales and not sixteen.
 */
function multiplyAcross(
  gpu: Gpu,
  weight: CodedOperand & { readonly group_size: number },
  x: Tensor,
  { constants, fields }: Pick<Loaders, 'constants'> & Pick<Operand, 'fields'>,
  variant: string,
): Tensor {
  const { group_size, out_features, in_features } = weight;
  const batch = rowsOf(weight, x);
  const parts = out_features / group_size;
  const plan = {
    batch: [{ size: parts, a: 0, b: in_features, bias: 0 }],
    row: { size: sizeOf(batch), a: in_features, b: 0, bias: 0 },
    col: { size: group_size, a: 0, b: 0, bias: 0 },
    k: { size: in_features, a: 1, b: 0 },
  };
  const loaders = { link: 'across', constants, left: leftOf(plan), right: { unit: 4, fields } };
  using apart = Tensor.empty(gpu, 'f32', [parts, plan.row.size, group_size]);
  const bound = { bindings: boundTo(x, weight), stored: weight.bindings[0].dtype, y: apart };
  launchProduct(gpu, { plan, loaders, ...bound }, variant);
  return permuted(gpu, apart, [1, 2, 0], [...batch, out_features]);
}
