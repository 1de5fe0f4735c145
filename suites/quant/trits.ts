import { filledTensor, type HostTensor, hostTensorFrom } from '../../src/tensor/host.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import type { CaseContext } from '../../src/testing/context.ts';

/** What a trit is: the sign of what exceeds its threshold. */
export function tritOf(w: number, threshold: number): number {
  if (w > threshold) return 1;
  return w < -threshold ? -1 : 0;
}

/** Random trits. */
export function randomTrits(t: CaseContext, shape: Shape, stream = 0): HostTensor {
  const random = t.random(stream);
  return filledTensor('i8', shape, () => random.integer(-1, 1));
}

/** A threshold on the host, as the float32 that the device gets. */
export const fixedThreshold = (threshold: number): HostTensor =>
  hostTensorFrom('f32', [1], [threshold]);
