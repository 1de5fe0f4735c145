import shader from '../../../shaders/quant/decode_small_float.wgsl';
import { gridOfFours, u32 } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { decodeSmallFloat as signature } from '../../vocabulary/quant/decode_small_float.ts';
import { launcher } from '../launcher.ts';

/** Bits of exponent and fraction, and the bias of the exponent. */
const TYPES = {
  e2m1: [2, 1, 1],
  e4m3: [4, 3, 7],
  e4m3fnuz: [4, 3, 8],
  e5m2: [5, 2, 15],
  e8m0: [8, 0, 127],
} as const;

/**
 * The numbers that codes (u8) stand for, exact, f32 like the codes. A code that stands for no number
 * (NaN or an infinity of its type) gives a number all the same: a quantizer makes none. The smallest
 * power of two of e8m0 is a denormal, which an adapter may take for zero.
 */
export const decodeSmallFloat = launcher(signature, {
  variants: { words: { kernels: [shader.file] } },
  forward: (gpu, { codes }, { type }) => {
    const [EXPONENTS, FRACTION, BIAS] = TYPES[type];
    const y = Tensor.empty(gpu, 'f32', codes.shape);
    gpu.dispatch({
      shader,
      constants: { EXPONENTS, FRACTION, BIAS },
      bindings: [codes.binding, y.binding],
      uniforms: [u32(codes.size)],
      workgroups: gridOfFours(codes.size),
    });
    return { y };
  },
});
