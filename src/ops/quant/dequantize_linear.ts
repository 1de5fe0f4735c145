import shader from '../../../shaders/quant/dequantize_linear.wgsl';
import { linearGrid } from '../../gpu/shader.ts';
import { bytesPerElement } from '../../tensor/dtype.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sameShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { dequantizeLinear as signature } from '../../vocabulary/quant/dequantize_linear.ts';
import { nibbles } from '../../vocabulary/quant/linear-scale.ts';
import { launcher } from '../launcher.ts';
import { checkPacked, elementsOf, scaleFields } from './linear_scale.ts';

/**
 * y = (q - zero_point) * scale, as ONNX's DequantizeLinear. q: i8, u8 or i32; zero_point: the same
 * type, like scale; scale, y: f32. With `packed` q and zero_point are u8, two codes of 4 bits a byte,
 * and y has the parameter `shape`. Throws ShapeError when shapes or types do not fit, and
 * GradproofError `bad-params` for packed codes of 8 bits.
 */
export const dequantizeLinear = launcher(signature, {
  variants: { elements: { kernels: ['quant/dequantize_linear'] } },
  forward: (gpu, { q, scale, zero_point }, params) => {
    const { packed, shape = q.shape } = params;
    if (packed) {
      checkPacked('dequantize_linear', { q, zero_point }, params);
      if (!sameShape(q.shape, nibbles(shape)))
        throw new ShapeError(
          `dequantize_linear: q of ${formatShape(q.shape)} does not hold ${formatShape(shape)} codes of 4 bits; give ${formatShape(nibbles(shape))}`,
        );
    }
    const scales = scaleFields('dequantize_linear', shape, scale, zero_point, params);
    if (zero_point && zero_point.dtype !== q.dtype)
      throw new ShapeError(`dequantize_linear: zero_point is ${zero_point.dtype} and q ${q.dtype}`);
    const y = Tensor.empty(gpu, 'f32', shape);
    const { each, constants } = elementsOf(shape, params, 4);
    gpu.dispatch({
      shader,
      constants: {
        HAS_ZERO_POINT: Number(zero_point !== undefined),
        BITS: packed ? 4 : 8 * bytesPerElement(q.dtype),
        ...constants,
        EACH: each,
        WHOLE: Number(y.size % 4 === 0),
        SIGNED: Number(packed ? params.dtype === 'int4' : q.dtype !== 'u8'),
      },
      // Without zero points the kernel reads none; a binding must be there all the same.
      bindings: [q, scale, zero_point ?? scale, y].map((tensor) => tensor.binding),
      uniforms: scales,
      workgroups: linearGrid(Math.ceil(y.size / each)),
    });
    return { y };
  },
});
