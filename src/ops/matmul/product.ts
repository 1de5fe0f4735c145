import shader from '../../../shaders/matmul/matmul.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, spread, type UniformField, u32 } from '../../gpu/shader.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { Variant } from '../op.ts';
import { type Axis, type ProductPlan, planProduct } from './plan.ts';

/** Ways to multiply. Every sum is kept by one invocation, which adds all terms: c is their number. */
export const PRODUCT_VARIANTS: Readonly<Record<'register', Variant>> = {
  register: { kernels: ['matmul/matmul'], depth: (terms) => terms },
};

/** A product to compute: y = scale * op(a) op(b) + bias. */
export interface Product {
  readonly a: Tensor;
  readonly b: Tensor;
  /** Of any shape that broadcasts to y. */
  readonly bias?: Tensor | undefined;
  readonly transpose_a?: boolean | undefined;
  readonly transpose_b?: boolean | undefined;
  /** Default 1. */
  readonly scale?: number;
  /** Shape of the result, if not torch.matmul's; of the same size. */
  readonly shape?: Shape;
}

/** Computes a product with the kernel of `variant`. Throws ShapeError when the operands do not fit. */
export function multiply(gpu: Gpu, product: Product, _variant: string): Tensor {
  const { a, b, bias } = product;
  const plan = planProduct({ ...product, a: a.shape, b: b.shape, bias: bias?.shape });
  const y = Tensor.empty(gpu, 'f32', product.shape ?? plan.shape);
  const tiles = Math.ceil(plan.col.size / 4);
  const [x, yGroups] = spread(Math.ceil((tiles * Math.ceil(plan.row.size / 4)) / 64));
  const batches = sizeOf(plan.batch.map(({ size }) => size));
  // A dimension of the grid ends at 65,535.
  for (let first = 0; first < batches; first += 65535) {
    const count = Math.min(65535, batches - first);
    gpu.dispatch({
      shader,
      bindings: [a.binding, b.binding, (bias ?? a).binding, y.binding],
      uniforms: uniformsOf(plan, { tiles, first, scale: product.scale ?? 1, hasBias: bias !== undefined }),
      workgroups: [x, yGroups, count],
      flops: 2 * plan.row.size * plan.col.size * plan.k.size * count,
    });
  }
  return y;
}

function uniformsOf(
  { batch, row, col, k }: ProductPlan,
  launch: { readonly tiles: number; readonly first: number; readonly scale: number; readonly hasBias: boolean },
): UniformField[] {
  const one: Axis = { size: 1, a: 0, b: 0, bias: 0 };
  const axes = [...Array.from({ length: 4 - batch.length }, () => one), ...batch];
  const numbers = [
    ...(['size', 'a', 'b', 'bias'] as const).flatMap((of) => axes.map((axis) => axis[of])),
    ...[row.size, col.size, k.size, row.a, k.a, k.b, col.b, row.bias, col.bias],
    ...[Number(launch.hasBias), launch.tiles, launch.first],
  ];
  return [...numbers.map(u32), f32(launch.scale)];
}
