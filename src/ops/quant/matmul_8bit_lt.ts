import shader from '../../../shaders/quant/linear_8bit_lt.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, matrixOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { matmul8bitLt as signature } from '../../vocabulary/quant/matmul_8bit_lt.ts';
import { launcher } from '../launcher.ts';
import { convert } from '../math/convert.ts';
import { multiplyCodes } from '../matmul/matmul_8bit.ts';
import { BYTES_KERNELS, multiplyBytes } from '../matmul/product_bytes.ts';
import { PRODUCT_VARIANTS } from '../matmul/tiles.ts';
import { chooseVariant, withKernels } from '../variants.ts';
import { blockVariants } from './blocks.ts';
import { int8VectorwiseQuant } from './int8_vectorwise_quant.ts';
import { LIST_KERNEL, outlierList, quantizeRows, VECTORWISE_KERNELS } from './vectorwise.ts';

const { kernels: ROW_KERNELS } = blockVariants([...VECTORWISE_KERNELS, LIST_KERNEL]).serial;

/** Products of floats, which gradients are, with the kernels of products of codes. */
export const CODED_PRODUCT_VARIANTS = withKernels(PRODUCT_VARIANTS, [
  ...ROW_KERNELS,
  ...BYTES_KERNELS,
  shader.file,
]);

/** x with a weight in codes, i8 [out, in], and the largest magnitude of each of its rows. */
interface CodedProduct {
  readonly x: Tensor;
  readonly q: Tensor;
  readonly stats: Tensor;
  readonly bias?: Tensor | undefined;
}

/** Throws ShapeError where a weight of a shape and a bias do not fit x. */
export function checkCodedProduct(
  op: string,
  {
    x,
    weight,
    bias,
  }: { readonly x: Tensor; readonly weight: Tensor; readonly bias?: Tensor | undefined },
): void {
  const [n, width] = matrixOf(weight.shape);
  if (width !== matrixOf(x.shape)[1] || (bias && bias.size !== n)) {
    throw new ShapeError(
      `${op}: weight ${formatShape(weight.shape)} and bias ${formatShape(bias?.shape ?? [n])} do not fit x ${formatShape(x.shape)}`,
    );
  }
}

/** The product, with the codes of x and what else goes into it; the caller owns all of it. */
export function multiplyCoded(
  gpu: Gpu,
  { x, q, stats, bias }: CodedProduct,
  threshold: number,
): Readonly<Record<'q_x' | 'row_stats' | 'outlier_cols' | 'acc' | 'y', Tensor>> {
  const [m, k] = matrixOf(x.shape);
  const [n] = matrixOf(q.shape);
  using scope = new Scope();
  const rows = codesOfHalves(gpu, x.view([m, k]), threshold);
  if (rows.mask) scope.add(rows.mask);
  const outlier_cols = outlierList(gpu, rows);
  const acc = multiplyBytes(gpu, rows.q, q);
  const y = Tensor.empty(gpu, 'f32', [...x.shape.slice(0, -1), n]);
  gpu.dispatch({
    shader,
    constants: { HAS_BIAS: Number(bias !== undefined), OUTLIERS: Number(threshold > 0) },
    bindings: [
      acc,
      rows.stats,
      stats,
      // Without a bias the kernel reads none; a binding must be there all the same.
      bias ?? stats,
      x,
      outlier_cols,
      q,
      y,
    ].map((tensor) => tensor.binding),
    uniforms: [m, n, k].map(u32),
    workgroups: linearGrid(m * Math.ceil(n / 4)),
  });
  return { q_x: rows.q, row_stats: rows.stats, outlier_cols, acc, y };
}

/** Codes of what is rounded to f16. */
export function codesOfHalves(gpu: Gpu, x: Tensor, threshold: number) {
  const variant = chooseVariant(gpu, int8VectorwiseQuant, { x });
  if (x.dtype === 'f16') return quantizeRows(gpu, x, { threshold }, variant);
  using half = convert(gpu, x, 'f16');
  return quantizeRows(gpu, half, { threshold }, variant);
}

/** dy (q * stats) / 127, the gradient of x, with codes decoded in registers. */
export function codedGradient(
  gpu: Gpu,
  { q, stats: scale }: Pick<CodedProduct, 'q' | 'stats'>,
  dy: Tensor,
  variant: string,
): Tensor {
  const [out_features, in_features] = matrixOf(q.shape);
  const shape = { out_features, in_features, transpose_weight: false };
  const params = { codes: 'int8', axis: 0, blocksize: in_features, ...shape } as const;
  const multiplied = (floats: Tensor) =>
    multiplyCodes(gpu, floats, { q, scale }, params, variant, 1 / 127);
  if (dy.dtype === 'f32') return multiplied(dy);
  using wide = convert(gpu, dy, 'f32');
  return multiplied(wide);
}

/**
 * {@link linear8bitLt} of a weight that is in codes already, as bitsandbytes keeps it: q_weight (CB),
 * i8 [out, in]; weight_stats (SCB), the largest magnitude of each row, f32 [out]. x: f32, f16 or bf16
 * [..., in]; bias [out]; y: [..., out] as x is stored. Codes, statistics and bias are frozen. Throws
 * ShapeError when they do not fit.
 */
export const matmul8bitLt = launcher(signature, {
  variants: CODED_PRODUCT_VARIANTS,
  storage: { decides: ['x'], keeps: ['row_stats'] },
  forward: (gpu, { x, q_weight, weight_stats, bias }, { threshold }) => {
    checkCodedProduct('matmul_8bit_lt', { x, weight: q_weight, bias });
    if (weight_stats.size !== matrixOf(q_weight.shape)[0])
      throw new ShapeError(
        `matmul_8bit_lt: statistics ${formatShape(weight_stats.shape)} are not of the rows of ${formatShape(q_weight.shape)}`,
      );
    return multiplyCoded(gpu, { x, q: q_weight, stats: weight_stats, bias }, threshold);
  },
  backward: (gpu, { inputs: { q_weight: q, weight_stats: stats }, grads, wants }, variant) =>
    wants.has('x') ? { x: codedGradient(gpu, { q, stats }, grads.y, variant) } : {},
});
