import type { Gpu } from '../../gpu/gpu.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import {
  type MlxProductParams,
  mlxMatmul as signature,
} from '../../vocabulary/matmul/mlx_matmul.ts';
import { isAffine, isOfMode } from '../../vocabulary/quant/mlx_quantize.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { QuantizationError } from '../quant/blocks.ts';
import { launchProduct } from './launch-product.ts';
import { PRODUCT_VARIANTS } from './tiles.ts';

type Inputs = InputsOf<typeof signature, Tensor>;

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
  forward: (gpu, inputs, params, variant) => ({
    y: multiplyMlx(gpu, inputs.x, inputs, params, variant),
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
  weight: Omit<Inputs, 'x'>,
  params: MlxProductParams,
  variant: string,
): Tensor {
  const { mode, bits, group_size, out_features, in_features, transpose_weight } = params;
  const { packed, scales, biases } = weight;
  check(x, weight, params);
  const [terms, cols] = transpose_weight
    ? [in_features, out_features]
    : [out_features, in_features];
  const batch = x.shape.slice(0, -1);
  const y = Tensor.empty(gpu, 'f32', [...batch, cols]);
  const plan = {
    batch: [],
    row: { size: sizeOf(batch), a: terms, b: 0, bias: 0 },
    col: { size: cols, a: 0, b: 0, bias: 0 },
    k: { size: terms, a: 1, b: 0 },
  };
  const isWhole = terms % 4 === 0;
  const loaders = {
    link: isWhole ? 'mlx' : 'strided_mlx',
    constants: { ALONG_TERMS: Number(transpose_weight), BITS: bits, SCALES: SCALES[mode] },
    left: isWhole ? { unit: 4, fields: [terms / 4] } : { unit: 1, fields: [terms, 1] },
    right: {
      unit: 1,
      fields: [(in_features * bits) / 32, in_features / group_size, Math.log2(group_size / 4)],
    },
  };
  // Where there are no biases the kernel reads none; a binding must be there all the same.
  const bindings = [x, packed, scales, biases ?? scales].map(({ binding }) => binding);
  const [a, b, ...others] = bindings as [(typeof bindings)[0], (typeof bindings)[0]];
  launchProduct(
    gpu,
    { plan, bindings: [a, b, ...others], loaders, stored: packed.dtype, y },
    variant,
  );
  return y;
}

function check(
  x: Tensor,
  { packed, scales, biases }: Omit<Inputs, 'x'>,
  params: MlxProductParams,
): void {
  const { mode, bits, group_size, out_features, in_features, transpose_weight } = params;
  if (!isOfMode(params))
    throw new QuantizationError(`${mode} has no codes of ${bits} bits in groups of ${group_size}`);
  const terms = transpose_weight ? in_features : out_features;
  const elements = out_features * in_features;
  const groups = elements / group_size;
  const isWeight =
    in_features % group_size === 0 &&
    packed.size === (elements * bits) / 32 &&
    scales.size === groups &&
    (isAffine(params) ? biases?.size === groups : biases === undefined);
  if (!isWeight || x.size === 0 || x.shape.at(-1) !== terms)
    throw new ShapeError(
      `mlx_matmul: x ${formatShape(x.shape)}, packed ${formatShape(packed.shape)} and scales ${formatShape(scales.shape)} do not fit a weight of ${out_features} x ${in_features} in groups of ${group_size}`,
    );
}
