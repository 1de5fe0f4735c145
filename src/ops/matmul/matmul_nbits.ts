import type { Gpu } from '../../gpu/gpu.ts';
import { rowLayout } from '../../quant/nbits/layout.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  type NbitsProductParams,
  matmulNbits as signature,
} from '../../vocabulary/matmul/matmul_nbits.ts';
import { launcher } from '../launcher.ts';
import { checkNbits, type NbitsTensors } from '../quant/nbits-weight.ts';
import { multiplyDecoded } from './multiply-decoded.ts';
import { PRODUCT_VARIANTS } from './tiles.ts';

/** What the loader takes a group's codes relative to. */
const ZERO_POINTS = 3;
const MIDDLE = 4;
const FLOATS = 5;

/**
 * y = x W^T, or x W, with W [out, in] as ONNX Runtime's MatMulNBits stores it, decoded in registers. x:
 * f32 [..., in] or [..., out]; packed, scales and zero_points as quantize_nbits makes them, or
 * float_zero_points: f32 [out, blocks]; without zero points zero is the middle code. g_idx: i32 [in],
 * the block of each column. With each accuracy_level the product is of float32. The weight is frozen:
 * only x has a gradient. Throws ShapeError when they do not fit.
 */
export const matmulNbits = launcher(signature, {
  variants: PRODUCT_VARIANTS,
  storage: { widens: true, decides: ['x'] },
  forward: (gpu, { x, ...weight }, params, variant) => ({
    y: multiplyNbits(gpu, x, weight, params, variant),
  }),
  backward: (gpu, { inputs, grads, params, wants }, variant) => {
    if (!wants.has('x')) return {};
    const other = { ...params, transpose_weight: !params.transpose_weight };
    return { x: multiplyNbits(gpu, grads.y, inputs, other, variant) };
  },
});

function multiplyNbits(
  gpu: Gpu,
  x: Tensor,
  weight: NbitsTensors,
  params: NbitsProductParams,
  variant: string,
): Tensor {
  checkNbits(signature.name, weight, params);
  const { packed, scales, zero_points, float_zero_points, g_idx } = weight;
  const relativeTo = zero_points ? ZERO_POINTS : float_zero_points ? FLOATS : MIDDLE;
  const { bits, block_size, in_features } = params;
  const { blocks, codes, zeros } = rowLayout(in_features, params);
  return multiplyDecoded(
    gpu,
    {
      op: signature.name,
      loader: 'groups',
      constants: { BITS: bits, SCALES: relativeTo, INDEXED: Number(g_idx !== undefined) },
      fields: [(codes * bits) / 32, blocks, Math.log2(block_size / 4), zeros],
      // What is not there the kernel does not read; a binding must be there all the same.
      bindings: [packed, scales, zero_points ?? float_zero_points ?? scales, g_idx ?? scales],
      ...params,
    },
    x,
    variant,
  );
}
