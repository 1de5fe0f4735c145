import shader from '../../../shaders/matmul/matmul.wgsl';
import { u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { defineOp } from '../op.ts';

/** Parameters of {@link matmul}, as torch names them; both default to false. */
export interface MatmulParams {
  readonly transpose_a?: boolean;
  readonly transpose_b?: boolean;
}

/** Dimensions of a batched product: y is [...batch, m, n]. */
interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch: Shape;
}

/**
 * y = op(a) op(b) in float32, where op transposes the last two dimensions. a: [...batch, m, k], b: [...batch, k, n]; a batch of one
 * matrix is repeated over the other's. Throws ShapeError when the inner dimensions or the batches do not fit.
 */
export const matmul = defineOp<'a' | 'b', never, 'y', MatmulParams>({
  name: 'matmul',
  variants: { 'register-4x4': { kernels: ['matmul/matmul'], depth: (terms) => terms } },
  forward: (gpu, { a, b }, params) => {
    const { m, n, k, batch } = productOf(a.shape, b.shape, params);
    const y = Tensor.empty(gpu, 'f32', [...batch, m, n]);
    gpu.dispatch({
      shader,
      constants: { TRANSPOSE_A: Number(params.transpose_a ?? false), TRANSPOSE_B: Number(params.transpose_b ?? false) },
      bindings: [a.binding, b.binding, y.binding],
      uniforms: [u32(m), u32(n), u32(k), u32(a.shape.length > 2 ? m * k : 0), u32(b.shape.length > 2 ? k * n : 0)],
      workgroups: [Math.ceil(n / 32), Math.ceil(m / 32), sizeOf(batch)],
      flops: 2 * m * n * k * sizeOf(batch),
    });
    return { y };
  },
  backward: (gpu, { inputs: { a, b }, grads, params, wants, variant }) => {
    const dy = grads.y as Tensor;
    const { transpose_a: ta = false, transpose_b: tb = false } = params;
    const gradients: Record<string, Tensor> = {};
    // y = A B with A = op(a), B = op(b): dA = dy B^T, dB = A^T dy, and a transposed operand takes the transposed product.
    if (wants.has('a')) {
      gradients['a'] = ta
        ? matmul.forward(gpu, { a: b, b: dy }, { transpose_a: tb, transpose_b: true }, variant).y
        : matmul.forward(gpu, { a: dy, b }, { transpose_b: !tb }, variant).y;
    }
    if (wants.has('b')) {
      gradients['b'] = tb
        ? matmul.forward(gpu, { a: dy, b: a }, { transpose_a: true, transpose_b: ta }, variant).y
        : matmul.forward(gpu, { a, b: dy }, { transpose_a: !ta }, variant).y;
    }
    return gradients;
  },
});

function productOf(a: Shape, b: Shape, { transpose_a = false, transpose_b = false }: MatmulParams): Product {
  const [rows, inner] = lastTwo(a, transpose_a);
  const [innerB, cols] = lastTwo(b, transpose_b);
  const [batchA, batchB] = [a.slice(0, -2), b.slice(0, -2)];
  const batch = batchA.length >= batchB.length ? batchA : batchB;
  if (inner !== innerB || (sizeOf(batchA) > 1 && sizeOf(batchB) > 1 && sizeOf(batchA) !== sizeOf(batchB))) {
    throw new ShapeError(`matmul of ${formatShape(a)} and ${formatShape(b)} does not fit`);
  }
  return { m: rows, n: cols, k: inner, batch };
}

function lastTwo(shape: Shape, transposed: boolean): [number, number] {
  const [first, second] = shape.slice(-2) as [number, number];
  return transposed ? [second, first] : [first, second];
}
