import shader from '../../../shaders/quant/quantize_linear.wgsl';
import { f32, linearGrid, PADDING } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { nibbles } from '../../vocabulary/quant/linear-scale.ts';
import { quantizeLinear as signature } from '../../vocabulary/quant/quantize_linear.ts';
import { launcher } from '../launcher.ts';
import { checkPacked, elementsOf, scaleFields } from './linear_scale.ts';

/** The kernel of {@link quantizeLinear}. */
export const QUANTIZE_KERNEL = shader.file;

const RANGES = { int4: [-8, 7], uint4: [0, 15], int8: [-128, 127], uint8: [0, 255] } as const;

/**
 * q = round(x / scale) + zero_point, ties to even, clamped to the type of the codes, as ONNX's
 * QuantizeLinear. x, scale: f32; zero_point: i8 or u8 like scale; q: i8 or u8 like x. With `packed`
 * zero_point and q are u8, two codes of 4 bits a byte. Throws ShapeError when shapes or types do not
 * fit, and GradproofError `bad-params` for packed codes of 8 bits.
 */
export const quantizeLinear = launcher(signature, {
  variants: { words: { kernels: [QUANTIZE_KERNEL] } },
  forward: (gpu, { x, scale, zero_point }, params) => {
    const type = params.dtype ?? (zero_point?.dtype === 'i8' ? 'int8' : 'uint8');
    const [low, high] = RANGES[type];
    if (params.packed) checkPacked('quantize_linear', { zero_point }, params);
    const scales = scaleFields('quantize_linear', x.shape, scale, zero_point, params);
    const q = params.packed
      ? Tensor.empty(gpu, 'u8', nibbles(x.shape))
      : Tensor.empty(gpu, low < 0 ? 'i8' : 'u8', x.shape);
    const BITS = params.packed ? 4 : 8;
    const { each, constants } = elementsOf(x.shape, params, 32 / BITS);
    gpu.dispatch({
      shader,
      constants: {
        HAS_ZERO_POINT: Number(zero_point !== undefined),
        BITS,
        SIGNED: Number(low < 0),
        ...constants,
        WORDS: (each * BITS) / 32,
      },
      // Without zero points the kernel reads none; a binding must be there all the same.
      bindings: [x, scale, zero_point ?? scale, q].map((tensor) => tensor.binding),
      uniforms: [...scales, PADDING, f32(low), f32(high)],
      workgroups: linearGrid(Math.ceil(x.size / each)),
    });
    return { q };
  },
});
