import shader from '../../../shaders/quant/bitnet_linear.wgsl';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, matrixOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { LEAST_ROW, bitnetLinear as signature } from '../../vocabulary/quant/bitnet_linear.ts';
import { launcher } from '../launcher.ts';
import { BYTES_KERNELS, multiplyBytes, wayBeside } from '../matmul/product_bytes.ts';
import { PRODUCT_VARIANTS } from '../matmul/tiles.ts';
import { chooseVariant, withKernels } from '../variants.ts';
import { blockVariants } from './blocks.ts';
import { int8VectorwiseQuant } from './int8_vectorwise_quant.ts';
import { multiplyTrits, packedTrits } from './packed-trits.ts';
import { quantizeRows, VECTORWISE_KERNELS } from './vectorwise.ts';

const { kernels: ROW_KERNELS } = blockVariants(VECTORWISE_KERNELS).serial;

/**
 * BitNet b1.58's linear layer as it infers (Ma et al., arXiv 2402.17764), by the formula of
 * transformers 5.23.0, integrations/bitnet.py: with s = 127 / max(|x| of the row, 1e-5), q_x =
 * round(x s), ties to even, i8 [rows, in]; acc = q_x T^T, i32 [rows, out], exact; y = acc * scale / s +
 * bias. row_stats: the largest |x| of each row, f32 [rows]. x: f32, f16 or bf16 [..., in]; packed: u8
 * [ceil(out * in / 4)], T [out, in] packed flat in low order; scale: f32 [1], that of
 * {@link bitnetQuantize}; bias [out]; y: [..., out] as x is stored. The gradient of x is (dy * scale)
 * T, straight through its codes, as ActQuant there has it; T, scale and bias are frozen. Throws
 * ShapeError when they do not fit.
 */
export const bitnetLinear = launcher(signature, {
  variants: withKernels(PRODUCT_VARIANTS, [...ROW_KERNELS, ...BYTES_KERNELS, shader.file]),
  storage: { widens: true, decides: ['x'], keeps: ['row_stats'] },
  forward: (gpu, inputs, { out_features: n }, variant) => {
    const { x, packed, scale, bias } = inputs;
    packedTrits(signature.name, inputs, { out_features: n });
    if (scale.size !== 1 || (bias && bias.size !== n))
      throw new ShapeError(
        `bitnet_linear: scale ${formatShape(scale.shape)} and bias ${formatShape(bias?.shape ?? [n])} are not one and one for each of ${n} outputs`,
      );
    const [m, k] = matrixOf(x.shape);
    const rows = x.view([m, k]);
    const quantizing = chooseVariant(gpu, int8VectorwiseQuant, { x: rows });
    const { q, stats } = quantizeRows(gpu, rows, { least: LEAST_ROW }, quantizing);
    const acc = multiplyBytes(gpu, q, packed, { trits: n, variant: wayBeside(variant) });
    const y = Tensor.empty(gpu, 'f32', [...x.shape.slice(0, -1), n]);
    gpu.dispatch({
      shader,
      constants: { LEAST: LEAST_ROW, HAS_BIAS: Number(bias !== undefined) },
      // Without a bias the kernel reads none; a binding must be there all the same.
      bindings: [acc, stats, scale, bias ?? scale, y].map((tensor) => tensor.binding),
      uniforms: [m, n].map(u32),
      workgroups: linearGrid(m * n),
    });
    return { q_x: q, row_stats: stats, acc, y };
  },
  backward: (gpu, { inputs, grads, wants, params }, variant) => {
    if (!wants.has('x')) return {};
    const weight = packedTrits(signature.name, inputs, params);
    return { x: multiplyTrits(gpu, grads.y, weight, false, variant) };
  },
});
