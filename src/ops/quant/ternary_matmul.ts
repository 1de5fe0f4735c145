import sparseShader from '../../../shaders/quant/ternary_matmul_sparse.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { u32 } from '../../gpu/shader.ts';
import { bytesOfTrits, type TritPacking } from '../../quant/ternary/trit-packing.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, matrixOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { ternaryMatmul as signature } from '../../vocabulary/quant/ternary_matmul.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { multiplyDecoded } from '../matmul/multiply-decoded.ts';
import { PRODUCT_VARIANTS } from '../matmul/tiles.ts';

type Inputs = InputsOf<typeof signature, Tensor>;

/** Rows and columns that a workgroup computes which skips zeros, and its most in a grid. */
const SPARSE = { rows: 32, cols: 8, most: 65_535 } as const;

/**
 * y = (x T^T) * scale straight from packed trits. x: f32 [..., in]; packed: u8 [ceil(out * in / 4)],
 * T [out, in] packed flat, or to base 3 [ceil(out * in / 5)]; scale: f32 [1] or [out], none is 1; y:
 * f32 [..., out]. Throws ShapeError when they do not fit. T and scale get no gradient. The variant `skip-zeros`
 * leaves the zeros of T out of its sums; it takes at most 524,280 columns and 2,097,120 rows.
 */
export const ternaryMatmul = launcher(signature, {
  variants: {
    ...PRODUCT_VARIANTS,
    'skip-zeros': {
      kernels: [sparseShader.file, ...PRODUCT_VARIANTS.register.kernels],
      depth: (terms) => terms,
    },
  },
  storage: { widens: true, decides: ['x'] },
  forward: (gpu, inputs, params, variant) => {
    const skips = variant === 'skip-zeros';
    const weight = weightOf(inputs, params, skips);
    return {
      y: skips
        ? withoutZeros(gpu, inputs.x, weight)
        : multiplyTrits(gpu, inputs.x, weight, true, variant),
    };
  },
  backward: (gpu, { inputs, grads, wants, params }, variant) =>
    wants.has('x')
      ? { x: multiplyTrits(gpu, grads.y, weightOf(inputs, params), false, variant) }
      : {},
});

/** Trits of a matrix [out, in], with a scale for all or for each row. */
interface Weight {
  readonly packed: Tensor;
  readonly order: TritPacking;
  readonly scale: Tensor | undefined;
  readonly out_features: number;
  readonly in_features: number;
}

/**
 * Throws ShapeError where trits or scales are not those of so many outputs of x, or trits are more
 * than 2^32, or that without the last word where zeros are skipped.
 */
function weightOf(
  { x, packed, scale }: Inputs,
  { out_features, order }: ParamsOf<typeof signature>,
  skips = false,
): Weight {
  const [, in_features] = matrixOf(x.shape);
  const trits = out_features * in_features;
  // Trits are counted in 32 bits, and four of them are a byte: a binding can hold more than that.
  if (trits > 2 ** 32 - (skips ? 16 : 0))
    throw new ShapeError(
      `ternary_matmul: ${out_features}x${in_features} trits are more than 2^32${skips ? ' - 16' : ''}`,
    );
  if (packed.bytes !== bytesOfTrits(trits, order)) {
    throw new ShapeError(
      `${packed.bytes} bytes of packed trits are not a ${out_features}x${in_features} matrix for x ${formatShape(x.shape)}`,
    );
  }
  if (scale && scale.size !== 1 && scale.size !== out_features) {
    throw new ShapeError(
      `scale ${formatShape(scale.shape)} is neither one nor one for each of ${out_features} outputs`,
    );
  }
  return { packed, order, scale, out_features, in_features };
}

/** What kernels are compiled with that read such trits. */
const constantsOf = ({ scale, order }: Weight) => ({
  SCALED: Number(scale !== undefined),
  HIGH: Number(order === 'high'),
  BASE3: Number(order === 'base3'),
});

/** From the scale of an output to the next: 0 where there is one for all. */
const strideOf = ({ scale }: Weight): number => Number(scale !== undefined && scale.size > 1);

/** x T^T (transposed), or x T, scaled, with the tile of `variant`. */
function multiplyTrits(
  gpu: Gpu,
  x: Tensor,
  weight: Weight,
  transposed: boolean,
  variant: string,
): Tensor {
  const { packed, scale, out_features, in_features } = weight;
  const columns = transposed ? out_features : in_features;
  // Sums of no terms.
  if (x.size === 0) return Tensor.zeros(gpu, [...x.shape.slice(0, -1), columns]);
  return multiplyDecoded(
    gpu,
    {
      op: signature.name,
      loader: 'trits',
      constants: { ...constantsOf(weight), ACROSS_WORDS: Number(in_features % 4 !== 0) },
      fields: [in_features, strideOf(weight)],
      // Without a scale the kernel reads none; a binding must be there all the same.
      bindings: [packed, scale ?? x],
      ...{ out_features, in_features, transpose_weight: transposed },
    },
    x,
    variant,
  );
}

/** x T^T, scaled, by the kernel that goes from one trit to the next that is not zero. */
function withoutZeros(gpu: Gpu, x: Tensor, weight: Weight): Tensor {
  const { packed, scale, out_features: n } = weight;
  const [m, k] = matrixOf(x.shape);
  const { rows, cols, most } = SPARSE;
  if (m > rows * most || n > cols * most) {
    throw new ShapeError(
      `ternary_matmul: ${m} rows and ${n} outputs: skip-zeros takes at most ${rows * most} and ${cols * most}`,
    );
  }
  const y = Tensor.empty(gpu, 'f32', [...x.shape.slice(0, -1), n]);
  gpu.dispatch({
    shader: sparseShader,
    constants: constantsOf(weight),
    bindings: [x.binding, packed.binding, (scale ?? x).binding, y.binding],
    uniforms: [u32(m), u32(n), u32(k), u32(strideOf(weight))],
    workgroups: [Math.ceil(n / cols), Math.ceil(m / rows), 1],
    flops: 2 * m * n * k,
  });
  return y;
}
