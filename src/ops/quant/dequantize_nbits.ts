import shader from '../../../shaders/quant/dequantize_nbits.wgsl';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { rowLayout } from '../../quant/nbits/layout.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { dequantizeNbits as signature } from '../../vocabulary/quant/dequantize_nbits.ts';
import { launcher } from '../launcher.ts';
import { checkNbits } from './nbits-weight.ts';

/**
 * y = (code - zero point) scale: the weight [out, in] that MatMulNBits of ONNX Runtime multiplies by.
 * packed, scales and zero_points as quantize_nbits makes them; without zero points zero is the middle
 * code. y: f32. Throws ShapeError when they do not fit.
 */
export const dequantizeNbits = launcher(signature, {
  variants: { fours: { kernels: [shader.file] } },
  forward: (gpu, weight, params) => {
    checkNbits(signature.name, weight, params);
    const { packed, scales, zero_points } = weight;
    const { bits, block_size, out_features, in_features } = params;
    const { blocks, zeros } = rowLayout(in_features, params);
    const y = Tensor.empty(gpu, 'f32', [out_features, in_features]);
    const rowFours = Math.ceil(in_features / 4);
    const fours = out_features * rowFours;
    gpu.dispatch({
      shader,
      constants: { BITS: bits, SYMMETRIC: Number(!zero_points) },
      // Where there are no zero points the kernel reads none; a binding must be there all the same.
      bindings: [packed, scales, zero_points ?? packed, y].map(({ binding }) => binding),
      uniforms: [fours, rowFours, in_features, block_size, blocks, zeros].map(u32),
      workgroups: linearGrid(fours),
    });
    return { y };
  },
});
