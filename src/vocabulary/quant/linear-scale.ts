import * as v from 'valibot';
import type { Shape } from '../../tensor/shape.ts';
import { integer, type Known, size } from '../rules.ts';
import { axisIn, blocks } from '../shapes.ts';

/** Parameters of QuantizeLinear and DequantizeLinear. */
export const onnx = v.strictObject({
  /** Dimension along which scales differ; absent for one scale. */
  axis: v.optional(integer),
  /**
   * Elements along the axis that share a scale; absent for one index of the axis, over all other
   * dimensions.
   */
  block_size: v.optional(size),
  /**
   * Type of the codes; a 4-bit one stands in a byte alone. Absent for that of zero_point, else
   * uint8.
   */
  dtype: v.optional(v.picklist(['int4', 'uint4', 'int8', 'uint8'])),
});
export type Onnx = v.InferOutput<typeof onnx>;

/** One scale, one for each index of the axis, or one for each block along the axis. */
export const onnxScale =
  (name: string) =>
  ({ shape, params: { axis, block_size: block } }: Known<Onnx>): Shape => {
    if (axis === undefined) return [1];
    const x = shape(name);
    const along = axisIn(axis, x);
    if (block === undefined) return [x[along] as number];
    return x.map((n, d) => (d === along ? blocks(n, block) : n));
  };
