import type { Gpu } from '../../gpu/gpu.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  type MlxProductParams,
  mlxMatmul as signature,
} from '../../vocabulary/matmul/mlx_matmul.ts';
import { isAffine, isOfMode } from '../../vocabulary/quant/mlx_quantize.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { QuantizationError } from '../quant/blocks.ts';
import { multiplyDecoded } from './multiply-decoded.ts';
import { PRODUCT_VARIANTS } from './tiles.ts';

type Weight = Omit<InputsOf<typeof signature, Tensor>, 'x'>;

/** How scales are stored, as the kernels count it. */
const SCALES = { affine: 0, mxfp4: 1, mxfp8: 1, nvfp4: 2 } as const;

/**
 * y = x W^T, or x W, with W [out, in] in one of MLX's formats and decoded in registers, as
 * mlx.core.quantized_matmul does it. x: f32 [..., in] or [..., out]; packed, scales and biases as
 * mlx_quantize makes them. The weight is frozen: only x has a gradient. Throws ShapeError when they
 * do not fit, QuantizationError for bits or groups that the mode lacks.
 */
export const mlxMatmul = launcher(signature, {
  variants: PRODUCT_VARIANTS,
  storage: { widens: true, decides: ['x'] },
  forward: (gpu, { x, ...weight }, params, variant) => ({
    y: multiplyMlx(gpu, x, weight, params, variant),
  }),
  backward: (gpu, { inputs, grads, params, wants }, variant) => {
    if (!wants.has('x')) return {};
    const other = { ...params, transpose_weight: !params.transpose_weight };
    return { x: multiplyMlx(gpu, grads.y, inputs, other, variant) };
  },
});

function multiplyMlx(
  gpu: Gpu,
  x: Tensor,
  { packed, scales, biases }: Weight,
  params: MlxProductParams,
  variant: string,
): Tensor {
  const { mode, bits, group_size, out_features, in_features } = params;
  if (!isOfMode(params))
    throw new QuantizationError(`${mode} has no codes of ${bits} bits in groups of ${group_size}`);
  const elements = out_features * in_features;
  const groups = elements / group_size;
  const isWeight =
    in_features % group_size === 0 &&
    packed.size === (elements * bits) / 32 &&
    scales.size === groups &&
    (isAffine(params) ? biases?.size === groups : biases === undefined);
  if (!isWeight)
    throw new ShapeError(
      `mlx_matmul: packed ${formatShape(packed.shape)} and scales ${formatShape(scales.shape)} are no weight of ${out_features} x ${in_features} in groups of ${group_size}`,
    );
  return multiplyDecoded(
    gpu,
    {
      op: signature.name,
      loader: 'groups',
      constants: { BITS: bits, SCALES: SCALES[mode] },
      // No zero points.
      fields: [(in_features * bits) / 32, in_features / group_size, Math.log2(group_size / 4), 0],
      // What is not there the kernel does not read; a binding must be there all the same.
      bindings: [packed, scales, biases ?? scales, scales],
      ...params,
    },
    x,
    variant,
  );
}
