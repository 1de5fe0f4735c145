import * as v from 'valibot';
import { float, integer } from '../rules.ts';
import { alongAxis } from '../shapes.ts';
import { signature } from '../signature.ts';

/** The signature of softmax or its logarithm along an axis. */
export function softmaxAlong(name: string) {
  return signature(
    { family: 'nn', name },
    v.strictObject({
      /** Dimension whose elements are taken together; negative ones count from the last. */
      axis: v.optional(integer, -1),
    }),
    { inputs: { x: float('[*x]') }, outputs: { y: float(alongAxis) }, gradients: ['x'] },
  );
}

/** The signature of either. */
export type SoftmaxAlong = ReturnType<typeof softmaxAlong>;
