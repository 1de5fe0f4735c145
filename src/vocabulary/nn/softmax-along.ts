import * as v from 'valibot';
import { float, integer, masked } from '../rules.ts';
import { alongAxis, axisIn } from '../shapes.ts';
import { signature } from '../signature.ts';

/** The signature of softmax or its logarithm along an axis. */
export function softmaxAlong(name: string) {
  return signature(
    { family: 'nn', name },
    v.strictObject({
      /** Dimension whose elements are taken together; negative ones count from the last. */
      axis: v.optional(integer, -1),
    }),
    {
      inputs: { x: masked(float('[*x]'), ({ axis }, shape) => [axisIn(axis, shape)]) },
      outputs: { y: float(alongAxis) },
      gradients: ['x'],
    },
  );
}

/** The signature of either. */
export type SoftmaxAlong = ReturnType<typeof softmaxAlong>;
