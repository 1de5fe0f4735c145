import type { Gpu } from '../../gpu/gpu.ts';
import type { Constants } from '../../gpu/pipelines.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  type QuantoProductParams,
  quantoMatrix,
  quantoMatmul as signature,
} from '../../vocabulary/matmul/quanto_matmul.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { PERMUTING_KERNELS, permuted } from '../shape/copy.ts';
import { withKernels } from '../variants.ts';
import { type CodedOperand, multiplyDecoded, rowsOf } from './multiply-decoded.ts';
import { PRODUCT_VARIANTS } from './tiles.ts';

type Weight = Omit<InputsOf<typeof signature, Tensor>, 'x'>;

/**
 * y = x W^T, or x W, with W [out, in] as optimum-quanto packs it along its rows or its columns,
 * decoded in registers as code * scale - shift. x: f32 [..., in] or [..., out]; packed: u8; scale and
 * shift: f32, one for each group. The weight is frozen: only x has a gradient. Throws ShapeError when
 * they do not fit, or where groups along rows, or rows that groups cross, are no whole fours.
 */
export const quantoMatmul = launcher(signature, {
  variants: withKernels(PRODUCT_VARIANTS, PERMUTING_KERNELS),
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
  const packing = { QUANTO: 1, BITS: bits, SLICES: 8 / bits };
  const weight = { op: signature.name, bindings: [packed, scale, shift], ...params } as const;
  if (isAcross) return multiplyAcross(gpu, { ...weight, packing, count }, x, variant);
  return multiplyDecoded(
    gpu,
    {
      ...weight,
      loader: 'slices',
      constants: { ...packing, WORDS: 0, ACROSS: 0, EIGHTS: Number(group_size % 8 === 0) },
      fields: [in_features / group_size, columns / 4, count],
    },
    x,
    variant,
  );
}

/** A weight whose groups are outputs of one input. */
interface WeightAcross extends CodedOperand, QuantoProductParams {
  /** What its loader is compiled with, whatever the groups are. */
  readonly packing: Constants;
  /** Rows in a slice of the matrix of groups. */
  readonly count: number;
}

/**
 * The product with the outputs of groups of whole fours in the order in which their codes lie: by it
 * four have one scale, and neighbours read the same words.
 */
function multiplyAcross(gpu: Gpu, weight: WeightAcross, x: Tensor, variant: string): Tensor {
  const { bits, group_size, out_features, in_features, transpose_weight, packing, count } = weight;
  const shape = rowsOf(weight, x);
  const parts = out_features / group_size;
  const isInFours = group_size % 4 === 0;
  const IN_FOURS = Number(isInFours);
  const ALIGNED = Number(isInFours && parts % 4 === 0);
  const decoded = {
    ...weight,
    loader: 'column_groups',
    constants: { ...packing, IN_FOURS, ALIGNED },
    fields: [in_features * parts, count, parts, group_size],
  };
  if (!isInFours) return multiplyDecoded(gpu, decoded, x, variant);
  const slices = 8 / bits;
  const outputs = [...shape, out_features];
  if (transpose_weight) {
    const taken = [sizeOf(shape), group_size / 4, parts, 4 / slices, slices];
    using y = multiplyDecoded(gpu, decoded, x, variant);
    return permuted(gpu, y.view(taken), [0, 2, 4, 1, 3], outputs);
  }
  const given = [sizeOf(shape), parts, slices, group_size / 4, 4 / slices];
  using taken = permuted(gpu, x.view(given), [0, 3, 1, 4, 2], outputs);
  return multiplyDecoded(gpu, decoded, taken, variant);
}
