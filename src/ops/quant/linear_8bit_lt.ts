import { linear8bitLt as signature } from '../../vocabulary/quant/linear_8bit_lt.ts';
import { launcher } from '../launcher.ts';
import {
  CODED_PRODUCT_VARIANTS,
  checkCodedProduct,
  codedGradient,
  codesOfHalves,
  multiplyCoded,
} from './matmul_8bit_lt.ts';

/**
 * bitsandbytes.nn.Linear8bitLt (Dettmers et al., "LLM.int8()", 2022): x and weight are rounded to
 * f16 and quantized by rows, as {@link int8VectorwiseQuant} does it, x with its outliers left out;
 * acc = q_x q_weight^T, i32, exact; y = acc * row_stats * weight_stats / 127^2 + bias + the outlier
 * columns of x, as they are given, times those of the decoded weight. x: f32, f16 or bf16 [..., in];
 * weight [out, in]; bias [out]; y: [..., out] as x is stored. The gradient of x is dy (q_weight *
 * weight_stats / 127); weight and bias are frozen. Throws ShapeError when they do not fit.
 */
export const linear8bitLt = launcher(signature, {
  variants: CODED_PRODUCT_VARIANTS,
  storage: { decides: ['x'], keeps: ['weight_stats', 'row_stats'] },
  forward: (gpu, { x, weight, bias }, { threshold }) => {
    checkCodedProduct('linear_8bit_lt', { x, weight, bias });
    const { q, stats } = codesOfHalves(gpu, weight, 0);
    const outputs = multiplyCoded(gpu, { x, q, stats, bias }, threshold);
    return { q_weight: q, weight_stats: stats, ...outputs };
  },
  backward: (gpu, { outputs: { q_weight: q, weight_stats: stats }, grads, wants }, variant) =>
    wants.has('x') ? { x: codedGradient(gpu, { q, stats }, grads.y, variant) } : {},
});
