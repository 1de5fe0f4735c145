import { ShapeError } from '../../tensor/host.ts';
import { formatShape, matrixOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { quantoLinear as signature } from '../../vocabulary/quant/quanto_linear.ts';
import { launcher } from '../launcher.ts';
import { multiplyCodes } from '../matmul/matmul_8bit.ts';
import { BYTES_KERNELS, wayBeside } from '../matmul/product_bytes.ts';
import { PRODUCT_VARIANTS } from '../matmul/tiles.ts';
import { withKernels } from '../variants.ts';
import { CODES_KERNELS, multiplyScaled } from './int8_linear.ts';
import { QUANTIZE_KERNEL, quantizeLinear } from './quantize_linear.ts';

/**
 * QLinear of optimum-quanto 0.2.7 with weights and activations of qint8, axis 0
 * (library/quantize.py, library/qbytes_mm.py on processors): q_x = round(x / input_scale), ties to
 * even, between -128 and 127, i8 [..., in]; acc = q_x q^T, i32 [..., out], exact (it wraps beyond
 * 2^31); y = acc * (input_scale * scale) + bias. x: f32, f16 or bf16 [..., in]; q: i8 [out, in] and
 * scale: f32 [out, 1], of {@link quantoQuantize}; input_scale: f32 [1], of
 * {@link quantoCalibrate}; bias [out]; y: [..., out] as x is stored. The gradient of x is dy (q *
 * scale), straight through its codes, also of those that were clamped; all else is frozen. Throws
 * ShapeError when they do not fit.
 */
export const quantoLinear = launcher(signature, {
  variants: withKernels(PRODUCT_VARIANTS, [QUANTIZE_KERNEL, ...BYTES_KERNELS, ...CODES_KERNELS]),
  storage: { widens: true, decides: ['x'] },
  forward: (gpu, { x, q, scale, input_scale, bias }, _params, variant) => {
    const [n, k] = matrixOf(q.shape);
    if (
      q.shape.length !== 2 ||
      matrixOf(x.shape)[1] !== k ||
      scale.size !== n ||
      input_scale.size !== 1 ||
      (bias && bias.size !== n)
    )
      throw new ShapeError(
        `quanto_linear: q ${formatShape(q.shape)}, scale ${formatShape(scale.shape)}, input_scale ${formatShape(input_scale.shape)} and bias ${formatShape(bias?.shape ?? [n])} do not fit x ${formatShape(x.shape)}`,
      );
    const { q: q_x } = quantizeLinear.forward(gpu, { x, scale: input_scale }, { dtype: 'int8' });
    const codes = { x: q_x, weight: q, x_scale: input_scale, weight_scale: scale.view([n]), bias };
    return { q_x, ...multiplyScaled(gpu, codes, wayBeside(variant)) };
  },
  backward: (gpu, { inputs: { x, q, scale }, grads, wants }, variant) => {
    if (!wants.has('x')) return {};
    // Sums of no terms, and lines without elements, which no block is counted by.
    if (x.size === 0 || q.size === 0) return { x: Tensor.zeros(gpu, x.shape) };
    const [out_features, in_features] = matrixOf(q.shape);
    const shape = { out_features, in_features, transpose_weight: false };
    const params = { codes: 'int8', axis: 0, blocksize: in_features, ...shape } as const;
    return { x: multiplyCodes(gpu, grads.y, { q, scale }, params, variant) };
  },
});
