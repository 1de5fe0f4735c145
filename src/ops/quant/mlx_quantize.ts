import affineShader from '../../../shaders/quant/mlx_affine.wgsl';
import microscaledShader from '../../../shaders/quant/mlx_microscaled.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { mapped } from '../../graph/call.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import {
  isOfMode,
  type MlxParams,
  mlxQuantize as signature,
} from '../../vocabulary/quant/mlx_quantize.ts';
import { launcher } from '../launcher.ts';
import { multiply } from '../matmul/product.ts';
import { PRODUCT_VARIANTS } from '../matmul/tiles.ts';
import { QuantizationError, storageOf } from './blocks.ts';

/**
 * A weight [..., cols] in MLX's formats, as mlx.core.quantize makes it: packed, i32 words of each
 * row's codes from the lowest bit up; scales, one for each group along a row, and biases of the
 * affine mode, both in the weight's format; scales of the other modes as u8; dequant like the
 * weight; y = x dequant^T of x [..., cols] and a weight [rows, cols], which `variant` is the tile
 * of. The formula of the affine scale is that of MLX's kernels. Throws ShapeError where groups do
 * not fill rows up, or for a product that does not fit, QuantizationError for bits or groups that
 * the mode lacks.
 */
export const mlxQuantize = launcher(signature, {
  variants: mapped(PRODUCT_VARIANTS, (variant) => ({
    ...variant,
    kernels: [affineShader.file, microscaledShader.file, ...variant.kernels],
  })),
  forward: (gpu, { weight, x }, params, variant) => {
    check(weight, x, params);
    const codes =
      params.mode === 'affine' ? affine(gpu, weight, params) : small(gpu, weight, params);
    if (!x) return codes;
    return { ...codes, y: multiply(gpu, { a: x, b: codes.dequant, transpose_b: true }, variant) };
  },
});

function check(weight: Tensor, x: Tensor | undefined, params: MlxParams): void {
  const { mode, bits, group_size } = params;
  const cols = weight.shape.at(-1) ?? 0;
  if (!isOfMode(params))
    throw new QuantizationError(`${mode} has no codes of ${bits} bits in groups of ${group_size}`);
  if (weight.shape.length === 0 || cols % group_size !== 0)
    throw new ShapeError(
      `rows of a weight ${formatShape(weight.shape)} are no groups of ${group_size}`,
    );
  if (x && (weight.shape.length !== 2 || x.shape.at(-1) !== cols))
    throw new ShapeError(
      `x ${formatShape(x.shape)} does not fit the weight ${formatShape(weight.shape)}`,
    );
}

/** What both kernels write, and how a weight is cut into groups of fours. */
function allocated(gpu: Gpu, weight: Tensor, { bits, group_size }: MlxParams) {
  const outer = weight.shape.slice(0, -1);
  const cols = weight.shape.at(-1) as number;
  const groups = weight.size / group_size;
  return {
    packed: Tensor.empty(gpu, 'i32', [...outer, (cols * bits) / 32]),
    dequant: Tensor.empty(gpu, 'f32', weight.shape),
    shape: [...outer, cols / group_size],
    groups,
  };
}

function affine(gpu: Gpu, weight: Tensor, params: MlxParams) {
  const { bits, group_size } = params;
  const { packed, dequant, shape, groups } = allocated(gpu, weight, params);
  const scales = Tensor.empty(gpu, 'f32', shape);
  const biases = Tensor.empty(gpu, 'f32', shape);
  gpu.dispatch({
    shader: affineShader,
    constants: {
      BITS: bits,
      STORAGE: storageOf(weight.dtype),
      HELD: Number(group_size === 64),
    },
    bindings: [weight, packed, scales, biases, dequant].map(({ binding }) => binding),
    uniforms: [u32(groups), u32(group_size / 4)],
    workgroups: linearGrid(groups),
  });
  return { packed, scales, biases, dequant };
}

/** The modes whose elements are floats of few bits. */
function small(gpu: Gpu, weight: Tensor, params: MlxParams) {
  const { packed, dequant, shape, groups } = allocated(gpu, weight, params);
  const scales = Tensor.empty(gpu, 'u8', shape);
  gpu.dispatch({
    shader: microscaledShader,
    constants: { BYTES: Number(params.bits === 8), FINE: Number(params.mode === 'nvfp4') },
    bindings: [weight, packed, scales, dequant].map(({ binding }) => binding),
    uniforms: [u32(groups)],
    workgroups: linearGrid(Math.ceil(groups / 4)),
  });
  return { packed, scales, dequant };
}
