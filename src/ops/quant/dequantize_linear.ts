import shader from '../../../shaders/quant/dequantize_linear.wgsl';
import { linearGrid } from '../../gpu/shader.ts';
import { bytesPerElement } from '../../tensor/dtype.ts';
import { ShapeError } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { dequantizeLinear as signature } from '../../vocabulary/quant/dequantize_linear.ts';
import { launcher } from '../launcher.ts';
import { scaleFields } from './linear_scale.ts';

/**
 * y = (q - zero_point) * scale, as ONNX's DequantizeLinear. q: i8, u8 or i32; zero_point: the same
 * type, like scale; scale, y: f32. Throws ShapeError when shapes or types do not fit.
 */
export const dequantizeLinear = launcher(signature, {
  variants: { elements: { kernels: ['quant/dequantize_linear'] } },
  forward: (gpu, { q, scale, zero_point }, params) => {
    const scales = scaleFields('dequantize_linear', q.shape, scale, zero_point, params);
    if (zero_point && zero_point.dtype !== q.dtype)
      throw new ShapeError(`dequantize_linear: zero_point is ${zero_point.dtype} and q ${q.dtype}`);
    const y = Tensor.empty(gpu, 'f32', q.shape);
    gpu.dispatch({
      shader,
      constants: {
        HAS_ZERO_POINT: Number(zero_point !== undefined),
        BITS: 8 * bytesPerElement(q.dtype),
        SIGNED: Number(q.dtype !== 'u8'),
      },
      // Without zero points the kernel reads none; a binding must be there all the same.
      bindings: [q, scale, zero_point ?? scale, y].map((tensor) => tensor.binding),
      uniforms: scales,
      workgroups: linearGrid(q.size),
    });
    return { y };
  },
});
