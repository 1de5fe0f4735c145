import shader from '../../../shaders/matmul/int8_matmul.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { matrixOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';

/** The kernel of {@link multiplyBytes}. */
export const BYTES_KERNEL = shader.file;

/**
 * a b^T of signed bytes [m, k] and [n, k], exactly: i32 [m, n], which wraps beyond 2^31. The caller
 * owns it.
 */
export function multiplyBytes(gpu: Gpu, a: Tensor, b: Tensor): Tensor {
  const [m, k] = matrixOf(a.shape);
  const [n] = matrixOf(b.shape);
  const y = Tensor.empty(gpu, 'i32', [m, n]);
  gpu.dispatch({
    shader,
    constants: { ALIGNED: Number(k % 4 === 0) },
    bindings: [a.binding, b.binding, y.binding],
    uniforms: [m, n, k].map(u32),
    workgroups: linearGrid(Math.ceil(m / 4) * Math.ceil(n / 4)),
    flops: 2 * m * n * k,
  });
  return y;
}
