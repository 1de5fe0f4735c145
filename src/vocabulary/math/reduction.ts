import * as v from 'valibot';
import { float, integer, type Known, on, type ShapeRule, type TensorRule } from '../rules.ts';
import { reduced } from '../shapes.ts';
import { signature } from '../signature.ts';

/** What a reduction over some axes is told, as ONNX has it. */
export const reductionParams = v.strictObject({
  /**
   * Dimensions that are reduced; negative ones count from the last, and none at all leaves x as it
   * is.
   */
  axes: v.pipe(v.array(integer), v.readonly()),
  /** Whether they stay with size 1. */
  keepdims: on,
});

type Axes = v.InferOutput<typeof reductionParams>;

const restBy =
  (rule: typeof reduced) =>
  ({ shape, params }: Known<Axes>) =>
    rule(shape('x'), params.axes, params.keepdims);

type Rule = <P>(shape: ShapeRule<P>) => TensorRule<P>;

interface Settings {
  readonly inBundles?: boolean;
  /** Default floats. */
  readonly x?: Rule;
  readonly y?: Rule;
  /** The shape of what is left; default any reduction's. */
  readonly rest?: typeof reduced;
}

/** The signature of a reduction of x over some axes. */
export function reduction(
  name: string,
  { inBundles = true, x = float, y = float, rest = reduced }: Settings = {},
) {
  return signature({ family: 'math', name, inBundles }, reductionParams, {
    inputs: { x: x('[*x]') },
    outputs: { y: y(restBy(rest)) },
    gradients: ['x'],
  });
}

/** The signature of any reduction over some axes. */
export type ReductionOp = ReturnType<typeof reduction>;

/** Tensors of a reduction of floats alone. */
export const floatReduction = {
  inputs: { x: float<object>('[*x]') },
  outputs: { y: float(restBy(reduced)) },
  gradients: ['x'],
} as const;
