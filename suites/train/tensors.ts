import type { Value } from '../../src/reference/record.ts';
import { filledTensor, type HostTensor, valuesOf } from '../../src/tensor/host.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';

/** Normal numbers of this deviation, from a stream of the run's seed. */
export function normalTensor(
  t: CaseContext,
  stream: number,
  shape: Shape,
  deviation = 1,
): HostTensor {
  const random = t.random(stream);
  return filledTensor('f32', shape, () => random.normal(deviation));
}

/** The elements as they are on the device now. */
export async function download(tensor: Tensor): Promise<Value> {
  const host = await tensor.read();
  return { shape: host.shape, data: valuesOf(host) };
}

/** The largest difference of two lists of one length. */
export function largestDifference(a: Float64Array, b: Float64Array): number {
  return a.reduce((largest, x, i) => Math.max(largest, Math.abs(x - (b[i] as number))), 0);
}
