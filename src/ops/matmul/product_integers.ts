import shader from '../../../shaders/matmul/integer_matmul.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { axesOf, partsOfGrid } from './launch-product.ts';
import { planProduct } from './plan.ts';
import type { Product } from './product.ts';

/** A product of i32, which wraps. Throws ShapeError when the operands do not fit. */
export function multiplyIntegers(gpu: Gpu, product: Product): Tensor {
  const { a, b, bias, scale = 1, biasScale = 1 } = product;
  const plan = planProduct({ ...product, a: a.shape, b: b.shape, bias: bias?.shape });
  const { row, col, k } = plan;
  const y = Tensor.empty(gpu, 'i32', product.shape ?? plan.shape);
  const axes = axesOf(plan.batch);
  const [x, yGroups] = linearGrid(row.size * col.size);
  for (const { first, count } of partsOfGrid(plan.batch)) {
    const numbers = [
      ...(['size', 'a', 'b', 'bias'] as const).flatMap((of) => axes.map((axis) => axis[of])),
      ...[row.size, col.size, k.size, row.a, k.a, k.b, col.b, row.bias, col.bias],
      ...[Number(bias !== undefined && biasScale !== 0), first],
    ];
    gpu.dispatch({
      shader,
      constants: { ALPHA: scale, BETA: biasScale },
      bindings: [a.binding, b.binding, (bias ?? a).binding, y.binding],
      uniforms: numbers.map(u32),
      workgroups: [x, yGroups, count],
      flops: 2 * row.size * col.size * k.size * count,
    });
  }
  return y;
}
