import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { quantoActivation as signature } from '../../vocabulary/quant/quanto_activation.ts';
import { launcher } from '../launcher.ts';
import { storageOf } from './blocks.ts';
import { encode, QUANTO_CODES_KERNEL } from './quanto-codes.ts';

/**
 * Activations in codes of 8 bits, as quantize_activation of optimum-quanto 0.2.7 makes them
 * (tensor/activations/quantization.py, library/quantize.py): x / scale, of qint8 rounded with ties to
 * even, clamped to the numbers of the type and rounded to it. q, i8 or of float8 u8, and dequant = q
 * * scale, like x: f32, f16 or bf16, each step rounded to its type. scale: f32 [1], which
 * {@link quantoCalibrate} gives; by one of 0 codes are 0. The gradient of dequant goes straight
 * through to x, also where codes were clamped. Throws ShapeError for more than one scale.
 */
export const quantoActivation = launcher(signature, {
  variants: { groups: { kernels: [QUANTO_CODES_KERNEL] } },
  storage: { decides: ['x'] },
  forward: (gpu, { x, scale }, { qtype }) => {
    if (scale.size !== 1)
      throw new ShapeError(
        `quanto_activation: scale ${formatShape(scale.shape)} is not one for all of x`,
      );
    const codes = Tensor.empty(gpu, qtype === 'qint8' ? 'i8' : 'u8', x.shape);
    const dequant = Tensor.empty(gpu, 'f32', x.shape);
    const one = { count: 1, length: x.size, cols: 1, apart: 1, inColumns: false };
    const how = { qtype, storage: storageOf(x.dtype) };
    encode(gpu, { weight: x, scale, codes, dequant }, one, how);
    return { q: codes, dequant };
  },
  backward: (_gpu, { grads, wants }) => (wants.has('x') ? { x: grads.dequant.clone() } : {}),
});
