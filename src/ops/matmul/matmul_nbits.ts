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

/**
 * y = x W^T, or x W, with W [out, in] as ONNX Runtime's MatMulNBits stores it, decoded in registers. x:
 * f32 [..., in] or [..., out]; packed, scales and zero_points as quantize_nbits makes them; without
 * zero points zero is the middle code. The weight is frozen: only x has a gradient. Throws ShapeError
 * when they do not fit.
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
  const { packed, scales, zero_points } = weight;
  const { bits, block_size, in_features } = params;
  const { blocks, codes, zeros } = rowLayout(in_features, params);
  return multiplyDecoded(
    gpu,
    {
      op: signature.name,
      loader: 'groups',
      constants: { BITS: bits, SCALES: zero_points ? ZERO_POINTS : MIDDLE },
      fields: [(codes * bits) / 32, blocks, Math.log2(block_size / 4), zeros],
      // Where there are no zero points the kernel reads none; a binding must be there all the same.
      bindings: [packed, scales, zero_points ?? scales],
      ...params,
    },
    x,
    variant,
  );
}
