import sparseShader from '../../../shaders/quant/ternary_matmul_sparse.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { matrixOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { ternaryMatmul as signature } from '../../vocabulary/quant/ternary_matmul.ts';
import { launcher } from '../launcher.ts';
import { PRODUCT_VARIANTS } from '../matmul/tiles.ts';
import {
  multiplyTrits,
  type PackedTrits,
  packedTrits,
  strideOf,
  tritConstants,
} from './packed-trits.ts';

/**
 * Rows and columns that a workgroup computes which skips zeros, its most in a grid, and the most
 * trits: all but those of the last word.
 */
const SPARSE = { rows: 32, cols: 8, most: 65_535, trits: 2 ** 32 - 16 } as const;

/**
 * y = (x T^T) * scale straight from packed trits. x: f32 [..., in]; packed: u8 [ceil(out * in / 4)],
 * T [out, in] packed flat, or to base 3 [ceil(out * in / 5)]; scale: f32 [1] or [out], none is 1; y:
 * f32 [..., out]. Throws ShapeError when they do not fit. T and scale get no gradient. The variant
 * `skip-zeros` leaves the zeros of T out of its sums; it takes at most 524,280 columns and 2,097,120
 * rows.
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
    const most = skips ? SPARSE.trits : undefined;
    const weight = packedTrits(signature.name, inputs, params, most);
    return {
      y: skips
        ? withoutZeros(gpu, inputs.x, weight)
        : multiplyTrits(gpu, inputs.x, weight, true, variant),
    };
  },
  backward: (gpu, { inputs, grads, wants, params }, variant) => {
    if (!wants.has('x')) return {};
    const weight = packedTrits(signature.name, inputs, params);
    return { x: multiplyTrits(gpu, grads.y, weight, false, variant) };
  },
});

/** x T^T, scaled, by the kernel that goes from one trit to the next that is not zero. */
function withoutZeros(gpu: Gpu, x: Tensor, weight: PackedTrits): Tensor {
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
    constants: tritConstants(weight),
    bindings: [x.binding, packed.binding, (scale ?? x).binding, y.binding],
    uniforms: [u32(m), u32(n), u32(k), u32(strideOf(weight))],
    workgroups: [Math.ceil(n / cols), Math.ceil(m / rows), 1],
    flops: 2 * m * n * k,
  });
  return y;
}
