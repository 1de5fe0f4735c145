import shader from '../../../shaders/quant/ternary_matmul.wgsl';
import backwardShader from '../../../shaders/quant/ternary_matmul_backward.wgsl';
import sparseShader from '../../../shaders/quant/ternary_matmul_sparse.wgsl';
import { u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, matrixOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { ternaryMatmul as signature } from '../../vocabulary/quant/ternary_matmul.ts';
import { launcher } from '../launcher.ts';

/** Rows and columns that a workgroup computes, and workgroups in one dimension of a grid. */
const TILE = 32;
const MAX_GROUPS = 65_535;
/** Columns of a workgroup that skips zeros. */
const SPARSE_TILE = 8;

/**
 * y = (x T^T) * scale straight from packed trits. x: f32 [..., in]; packed: u8 [ceil(out * in /
 * 4)], T [out, in] packed flat in low order; scale: f32 [1] or [out], none is 1; y: f32 [..., out].
 * Throws ShapeError when they do not fit, and for more than 2,097,120 rows or columns. T and scale
 * get no gradient. The variant `skip-zeros` leaves the zeros of T out of its sums, which are the
 * same; it takes at most 524,280 columns.
 */
export const ternaryMatmul = launcher(signature, {
  variants: {
    'register-4x4': {
      kernels: ['quant/ternary_matmul', 'quant/ternary_matmul_backward'],
      depth: (terms) => terms,
    },
    'skip-zeros': {
      kernels: ['quant/ternary_matmul_sparse', 'quant/ternary_matmul_backward'],
      depth: (terms) => terms,
    },
  },
  storage: { widens: true, decides: ['x'] },
  forward: (gpu, { x, packed, scale }, { out_features: n }, variant) => {
    const [m, k] = matrixOf(x.shape);
    const sparse = variant === 'skip-zeros';
    // Trits are counted in 32 bits, and four of them are a byte: a binding can hold more than that.
    if (n * k > (sparse ? 2 ** 32 - 16 : 2 ** 32))
      throw new ShapeError(
        `ternary_matmul: ${n}x${k} trits are more than 2^32${sparse ? ' - 16' : ''}`,
      );
    if (packed.bytes !== Math.ceil((n * k) / 4)) {
      throw new ShapeError(
        `${packed.bytes} bytes of packed trits are not a ${n}x${k} matrix for x ${formatShape(x.shape)}`,
      );
    }
    if (scale && scale.size !== 1 && scale.size !== n) {
      throw new ShapeError(
        `scale ${formatShape(scale.shape)} is neither one nor one for each of ${n} outputs`,
      );
    }
    const columns = sparse ? SPARSE_TILE : TILE;
    if (Math.max(m, k) > TILE * MAX_GROUPS || n > columns * MAX_GROUPS) {
      throw new ShapeError(
        `ternary_matmul: ${m} rows, ${n} outputs and ${k} inputs: at most ${TILE * MAX_GROUPS} of each are taken, of outputs ${columns * MAX_GROUPS}`,
      );
    }
    const y = Tensor.empty(gpu, 'f32', [...x.shape.slice(0, -1), n]);
    gpu.dispatch({
      shader: sparse ? sparseShader : shader,
      constants: { SCALED: Number(scale !== undefined) },
      bindings: [x.binding, packed.binding, (scale ?? x).binding, y.binding],
      uniforms: [u32(m), u32(n), u32(k), u32(scale && scale.size > 1 ? 1 : 0)],
      workgroups: [Math.ceil(n / columns), Math.ceil(m / TILE), 1],
      flops: 2 * m * n * k,
    });
    return { y };
  },
  backward: (gpu, { inputs: { x, packed, scale }, grads, wants, params: { out_features: n } }) => {
    const dy = grads.y;
    if (!wants.has('x')) return {};
    const [m, k] = matrixOf(x.shape);
    const dx = Tensor.empty(gpu, 'f32', x.shape);
    gpu.dispatch({
      shader: backwardShader,
      constants: { SCALED: Number(scale !== undefined) },
      bindings: [dy.binding, packed.binding, (scale ?? dy).binding, dx.binding],
      uniforms: [u32(m), u32(n), u32(k), u32(scale && scale.size > 1 ? 1 : 0)],
      workgroups: [Math.ceil(k / TILE), Math.ceil(m / TILE), 1],
      flops: 2 * m * n * k,
    });
    return { x: dx };
  },
});
