import shader from '../../../shaders/quant/dequantize_nbits.wgsl';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { rowLayout } from '../../quant/nbits/layout.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { dequantizeNbits as signature } from '../../vocabulary/quant/dequantize_nbits.ts';
import { launcher } from '../launcher.ts';
import { checkNbits } from './nbits-weight.ts';

/** What the kernel takes codes relative to. */
const CODES = 0;
const MIDDLE = 1;
const FLOATS = 2;

/**
 * y = (code - zero point) scale: the weight [out, in] that MatMulNBits of ONNX Runtime multiplies by.
 * packed, scales and zero_points as quantize_nbits makes them, or float_zero_points: f32 [out, blocks];
 * without zero points zero is the middle code. g_idx: i32 [in], the block of each column. y: f32.
 * Throws ShapeError when they do not fit.
 */
export const dequantizeNbits = launcher(signature, {
  variants: { fours: { kernels: [shader.file] } },
  forward: (gpu, weight, params) => {
    checkNbits(signature.name, weight, params);
    const { packed, scales, zero_points, float_zero_points, g_idx } = weight;
    const relativeTo = zero_points ? CODES : float_zero_points ? FLOATS : MIDDLE;
    const { bits, block_size, out_features, in_features } = params;
    const { blocks, zeros } = rowLayout(in_features, params);
    const y = Tensor.empty(gpu, 'f32', [out_features, in_features]);
    const rowFours = Math.ceil(in_features / 4);
    const fours = out_features * rowFours;
    gpu.dispatch({
      shader,
      constants: { BITS: bits, ZEROS: relativeTo, INDEXED: Number(g_idx !== undefined) },
      // What is not there the kernel does not read; a binding must be there all the same.
      bindings: [
        packed,
        scales,
        zero_points ?? float_zero_points ?? packed,
        y,
        g_idx ?? packed,
      ].map(({ binding }) => binding),
      uniforms: [fours, rowFours, in_features, block_size, blocks, zeros].map(u32),
      workgroups: linearGrid(fours),
    });
    return { y };
  },
});
