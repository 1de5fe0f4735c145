import * as v from 'valibot';
import { integer, on, real } from '../rules.ts';
import { reduced } from '../shapes.ts';
import { signature } from '../signature.ts';

/** The signature of a reduction of x over some axes, with parameters as ONNX has them. */
export function reduction(name: string, { inBundles = true } = {}) {
  return signature(
    { family: 'math', name, inBundles },
    v.strictObject({
      /**
       * Dimensions that are reduced; negative ones count from the last, and none at all leaves x as
       * it is.
       */
      axes: v.pipe(v.array(integer), v.readonly()),
      /** Whether they stay with size 1. */
      keepdims: on,
    }),
    {
      inputs: { x: real('[*x]') },
      outputs: {
        y: real(({ shape, params }) => reduced(shape('x'), params.axes, params.keepdims)),
      },
      gradients: ['x'],
    },
  );
}

/** The signature of any reduction over some axes. */
export type ReductionOp = ReturnType<typeof reduction>;
