import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp } from '../op.ts';
import { FOUR_BIT_VARIANTS, type Matmul4bitParams, multiply4bit } from './product_4bit.ts';

/**
 * y = x W^T, or x W, with W [out, in] kept as the 4-bit codes of bitsandbytes and decoded in registers. x: f32 [..., in] or
 * [..., out]; packed: u8 [(out*in + 1) / 2, 1], two codes a byte, the first in the high nibble; absmax: f32, one for each block of the
 * flat weight. Throws ShapeError when they do not fit. The weight is frozen: only x has a gradient.
 */
export const matmul4bit = defineOp<'x' | 'packed' | 'absmax', never, 'y', Matmul4bitParams>({
  name: 'matmul_4bit',
  takes: { packed: ['u8'] },
  variants: FOUR_BIT_VARIANTS,
  storage: { decides: ['x'] },
  forward: (gpu, inputs, params, variant) => ({ y: multiply4bit(gpu, inputs, params, variant) }),
  backward: (gpu, { inputs: { packed, absmax }, grads, params, wants }, variant) => {
    if (!wants.has('x')) return {};
    const transposed = { ...params, transpose_weight: !(params.transpose_weight ?? true) };
    return { x: multiply4bit(gpu, { x: grads.y as Tensor, packed, absmax }, transposed, variant) };
  },
});
