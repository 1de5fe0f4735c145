import shader from '../../../shaders/quant/linear_8bit_lt.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { mapped } from '../../graph/call.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, matrixOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { linear8bitLt as signature } from '../../vocabulary/quant/linear_8bit_lt.ts';
import { launcher } from '../launcher.ts';
import { convert } from '../math/convert.ts';
import { multiply } from '../matmul/product.ts';
import { BYTES_KERNEL, multiplyBytes } from '../matmul/product_bytes.ts';
import { PRODUCT_VARIANTS } from '../matmul/tiles.ts';
import { chooseVariant } from '../variants.ts';
import { int8VectorwiseQuant } from './int8_vectorwise_quant.ts';
import { dequantizeRows, outlierList, quantizeRows } from './vectorwise.ts';

const { kernels: ROW_KERNELS } = int8VectorwiseQuant.variants['serial'] as { kernels: string[] };

/**
 * bitsandbytes.nn.Linear8bitLt (Dettmers et al., "LLM.int8()", 2022): x and weight are rounded to
 * f16 and quantized by rows, as {@link int8VectorwiseQuant} does it, x with its outliers left out;
 * acc = q_x q_weight^T, i32, exact; y = acc * row_stats * weight_stats / 127^2 + bias + the outlier
 * columns of x, as they are given, times those of the decoded weight. x: f32, f16 or bf16 [..., in];
 * weight [out, in]; bias [out]; y: [..., out] as x is stored. The gradient of x is dy (q_weight *
 * weight_stats / 127); weight and bias are frozen. Throws ShapeError when they do not fit.
 */
export const linear8bitLt = launcher(signature, {
  variants: mapped(PRODUCT_VARIANTS, (variant) => ({
    ...variant,
    kernels: [...variant.kernels, ...ROW_KERNELS, BYTES_KERNEL, shader.file],
  })),
  storage: { decides: ['x'], keeps: ['weight_stats', 'row_stats'] },
  forward: (gpu, { x, weight, bias }, { threshold }) => {
    const [m, k] = matrixOf(x.shape);
    const [n, width] = matrixOf(weight.shape);
    if (width !== k || (bias && bias.size !== n)) {
      throw new ShapeError(
        `linear_8bit_lt: weight ${formatShape(weight.shape)} and bias ${formatShape(bias?.shape ?? [n])} do not fit x ${formatShape(x.shape)}`,
      );
    }
    using scope = new Scope();
    const rows = quantized(gpu, x.view([m, k]), threshold);
    if (rows.mask) scope.add(rows.mask);
    const columns = quantized(gpu, weight, 0);
    const outlier_cols = outlierList(gpu, rows);
    const acc = multiplyBytes(gpu, rows.q, columns.q);
    const y = Tensor.empty(gpu, 'f32', [...x.shape.slice(0, -1), n]);
    gpu.dispatch({
      shader,
      constants: { HAS_BIAS: Number(bias !== undefined), OUTLIERS: Number(threshold > 0) },
      bindings: [
        acc,
        rows.stats,
        columns.stats,
        // Without a bias the kernel reads none; a binding must be there all the same.
        bias ?? columns.stats,
        x,
        outlier_cols,
        columns.q,
        y,
      ].map((tensor) => tensor.binding),
      uniforms: [m, n, k].map(u32),
      workgroups: linearGrid(m * Math.ceil(n / 4)),
    });
    return {
      q_weight: columns.q,
      weight_stats: columns.stats,
      q_x: rows.q,
      row_stats: rows.stats,
      outlier_cols,
      acc,
      y,
    };
  },
  backward: (gpu, { inputs: { x }, outputs, grads, wants }, variant) => {
    if (!wants.has('x')) return {};
    using decoded = dequantizeRows(gpu, { q: outputs.q_weight, stats: outputs.weight_stats });
    const n = outputs.weight_stats.size;
    const dy = grads.y.view([matrixOf(x.shape)[0], n]);
    return { x: multiply(gpu, { a: dy, b: decoded, shape: x.shape }, variant) };
  },
});

/** Codes of what is rounded to f16. */
function quantized(gpu: Gpu, x: Tensor, threshold: number) {
  const variant = chooseVariant(gpu, int8VectorwiseQuant, { x });
  if (x.dtype === 'f16') return quantizeRows(gpu, x, threshold, variant);
  using half = convert(gpu, x, 'f16');
  return quantizeRows(gpu, half, threshold, variant);
}
