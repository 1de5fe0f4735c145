import * as v from 'valibot';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { integer, type Known, off, size } from '../rules.ts';
import { axisIn, blocks } from '../shapes.ts';

/** Parameters of QuantizeLinear and DequantizeLinear. */
export const onnxEntries = {
  /** Dimension along which scales differ; absent for one scale. */
  axis: v.optional(integer),
  /**
   * Elements along the axis that share a scale; absent for one index of the axis, over all other
   * dimensions.
   */
  block_size: v.optional(size),
  /**
   * Type of the codes; a 4-bit one stands in a byte alone unless they are packed. Absent for that of
   * zero_point, else uint8.
   */
  dtype: v.optional(v.picklist(['int4', 'uint4', 'int8', 'uint8'])),
  /**
   * Whether codes of 4 bits lie two a byte, the first in the low bits, and zero points likewise: as
   * ONNX stores them.
   */
  packed: off,
};
export type Onnx = v.InferOutput<v.StrictObjectSchema<typeof onnxEntries, undefined>>;

/** Whether what is packed has 4 bits, and what is said of what has not. */
export const packsNibbles = ({ packed, dtype }: Pick<Onnx, 'packed' | 'dtype'>): boolean =>
  !packed || dtype === 'int4' || dtype === 'uint4';
export const NO_NIBBLES = 'packed codes have the dtype int4 or uint4';

/** The bytes of so many codes of 4 bits, two a byte. */
export const nibbles = (shape: Shape): Shape => [Math.ceil(sizeOf(shape) / 2)];

/**
 * One scale, one for each index of the axis, or one for each block along the axis, of what has the
 * shape `of`.
 */
export const onnxScale =
  <P extends Onnx>(of: (known: Known<P>) => Shape) =>
  (known: Known<P>): Shape => {
    const { axis, block_size: block } = known.params;
    if (axis === undefined) return [1];
    const x = of(known);
    const along = axisIn(axis, x);
    if (block === undefined) return [x[along] as number];
    return x.map((n, d) => (d === along ? blocks(n, block) : n));
  };

/** One zero point for each scale. */
export const onnxZeroPoint = <P extends Onnx>({ shape, params }: Known<P>): Shape =>
  params.packed ? nibbles(shape('scale')) : shape('scale');
