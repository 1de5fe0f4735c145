import codesShader from '../../../shaders/quant/nbits_codes.wgsl';
import zerosShader from '../../../shaders/quant/nbits_zero_points.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, gridOfFours, linearGrid, u32 } from '../../gpu/shader.ts';
import { type NbitsFormat, rowLayout } from '../../quant/nbits/layout.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { quantizeNbits as signature } from '../../vocabulary/quant/quantize_nbits.ts';
import { launcher } from '../launcher.ts';
import { storageOf } from './blocks.ts';

/**
 * A weight [out, in] as ONNX Runtime's quantize_matmul_4bits (2bits, 8bits) makes it for MatMulNBits,
 * which gets the transpose. packed: u8 [out, blocks, bytes], codes of each row's blocks from the lowest
 * bits up, and 0 past its end; scales: [out, blocks], in the weight's format; zero_points, unless
 * `symmetric`: u8 [out, bytes], a code each. Throws ShapeError for a weight that is no matrix of some
 * elements.
 */
export const quantizeNbits = launcher(signature, {
  variants: { blocks: { kernels: [codesShader.file, zerosShader.file] } },
  forward: (gpu, { weight }, { bits, block_size, symmetric }) => {
    const [out = 0, cols = 0, ...others] = weight.shape;
    if (out === 0 || cols === 0 || others.length > 0)
      throw new ShapeError(
        `quantize_nbits: a weight ${formatShape(weight.shape)} is no matrix of some elements`,
      );
    const { blocks, blockBytes } = rowLayout(cols, { bits, block_size });
    const packed = Tensor.empty(gpu, 'u8', [out, blocks, blockBytes]);
    const scales = Tensor.empty(gpu, 'f32', [out, blocks]);
    using steps = Tensor.empty(gpu, 'f32', [out * blocks, 2]);
    const isFull = cols % block_size === 0;
    gpu.dispatch({
      shader: codesShader,
      constants: {
        BITS: bits,
        SYMMETRIC: Number(symmetric),
        HALF: Number(storageOf(weight.dtype) === 1),
        FULL: Number(isFull),
        HELD: Number(isFull && block_size === 32),
      },
      bindings: [weight, scales, steps, packed].map(({ binding }) => binding),
      uniforms: [...[out * blocks, blocks, cols, block_size].map(u32), f32(2 ** bits - 1)],
      workgroups: linearGrid(out * blocks),
    });
    if (symmetric) return { packed, scales };
    return {
      packed,
      scales,
      zero_points: zeroPoints(gpu, steps, [out, cols], { bits, block_size }),
    };
  },
});

/** The second of each block's steps, as bytes. */
function zeroPoints(
  gpu: Gpu,
  steps: Tensor,
  [out, cols]: readonly [number, number],
  format: NbitsFormat,
): Tensor {
  const { blocks, zeroBytes } = rowLayout(cols, format);
  const zeros = Tensor.empty(gpu, 'u8', [out, zeroBytes]);
  gpu.dispatch({
    shader: zerosShader,
    constants: { BITS: format.bits },
    bindings: [steps.binding, zeros.binding],
    uniforms: [zeros.size, zeroBytes, blocks].map(u32),
    workgroups: gridOfFours(zeros.size),
  });
  return zeros;
}
