import type { Value } from '../../src/reference/record.ts';
import { filledTensor, type HostTensor } from '../../src/tensor/host.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import type { CaseContext } from '../../src/testing/context.ts';

/** Numbers of any array type as a value to compare. */
export function value({
  shape,
  data,
}: {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
}): Value {
  return { shape, data: Float64Array.from(data) };
}

/** A float32 tensor of standard normal numbers from the run's seed. */
export function normals(t: CaseContext, shape: Shape): HostTensor {
  const random = t.random();
  return filledTensor('f32', shape, () => random.normal());
}
