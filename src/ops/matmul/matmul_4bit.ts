import { fourBitFormat } from '../../quant/registry.ts';
import type { QuantizedWeight } from '../../quant/weight.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { matmul4bit as signature } from '../../vocabulary/matmul/matmul_4bit.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { FOUR_BIT_VARIANTS, multiply4bit } from './product_4bit.ts';

/**
 * y = x W^T, or x W, with W [out, in] kept as the 4-bit codes of bitsandbytes and decoded in
 * registers. x: f32 [..., in] or [..., out]; packed: u8 [(out*in + 1) / 2, 1], two codes a byte,
 * the first in the high nibble; absmax: f32, one for each block of the flat weight. Throws
 * ShapeError when they do not fit. The weight is frozen: only x has a gradient.
 */
export const matmul4bit = launcher(signature, {
  variants: FOUR_BIT_VARIANTS,
  storage: { decides: ['x'] },
  forward: (gpu, inputs, params, variant) => ({
    y: multiply4bit(gpu, inputs.x, weightOf(inputs, params), params.transpose_weight, variant),
  }),
  backward: (gpu, { inputs, grads, params, wants }, variant) => {
    if (!wants.has('x')) return {};
    const weight = weightOf(inputs, params);
    return { x: multiply4bit(gpu, grads.y, weight, !params.transpose_weight, variant) };
  },
});

function weightOf(
  { packed, absmax }: InputsOf<typeof signature, Tensor>,
  { quant_type, blocksize, out_features, in_features }: ParamsOf<typeof signature>,
): QuantizedWeight<Tensor> {
  const format = fourBitFormat(quant_type);
  return { format, blocksize, shape: [out_features, in_features], parts: { packed, absmax } };
}
