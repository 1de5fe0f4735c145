import shaders from '../../../shaders/matmul/int8_matmul.wgsl?links';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid, linkedShader, u32 } from '../../gpu/shader.ts';
import { matrixOf, type Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { runnableVariants, type Variant } from '../variants.ts';

/** The kernel of {@link multiplyBytes}. */
export const BYTES_KERNEL = 'matmul/int8_matmul';

/** How four products are added up: one by one, or by an instruction of the language. */
export const BYTES_VARIANTS = {
  packed: { kernels: [BYTES_KERNEL], needs: ['packed_4x8_integer_dot_product'] },
  unpacked: { kernels: [BYTES_KERNEL] },
} as const satisfies Readonly<Record<string, Variant>>;

/** How a product is made, and what shape its result gets. */
interface BytesOptions {
  /** A key of {@link BYTES_VARIANTS}; default the first that runs. */
  readonly variant?: string;
  /** Default [m, n]. */
  readonly shape?: Shape;
}

/**
 * a b^T of signed bytes [m, k] and [n, k], exactly: i32 [m, n], which wraps beyond 2^31, the same
 * bits by either variant. The caller owns it.
 */
export function multiplyBytes(gpu: Gpu, a: Tensor, b: Tensor, options: BytesOptions = {}): Tensor {
  const [first] = runnableVariants(gpu, { variants: BYTES_VARIANTS });
  const { variant = first as string } = options;
  const [m, k] = matrixOf(a.shape);
  const [n] = matrixOf(b.shape);
  const y = Tensor.empty(gpu, 'i32', options.shape ?? [m, n]);
  gpu.dispatch({
    shader: linkedShader(shaders, variant),
    constants: { ALIGNED: Number(k % 4 === 0) },
    bindings: [a.binding, b.binding, y.binding],
    uniforms: [m, n, k].map(u32),
    workgroups: linearGrid(Math.ceil(m / 4) * Math.ceil(n / 4)),
    flops: 2 * m * n * k,
  });
  return y;
}
