import { type UniformField, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sameShape, sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { axisOf } from '../math/axes.ts';

/** Parameters of ONNX's linear quantization. */
export interface LinearQuantizationParams {
  /** Dimension along which scales differ; default none: one scale for all. */
  readonly axis?: number | undefined;
  /** Elements along the axis that share a scale; default one index of the axis, over all other dimensions. */
  readonly block_size?: number | undefined;
  /** Type of the codes, of which the 4-bit ones stand one in a byte; default that of zero_point, else uint8. */
  readonly dtype?: 'int4' | 'uint4' | 'int8' | 'uint8' | undefined;
}

/** The kernels' `Scales` for a tensor of `shape`. Throws {@link ShapeError} when scales or zero points have another shape. */
export function scaleFields(
  what: string,
  shape: Shape,
  scale: Tensor,
  zeroPoint: Tensor | undefined,
  { axis, block_size }: LinearQuantizationParams,
): UniformField[] {
  const at = axis === undefined ? 0 : axisOf(what, axis, shape);
  const [size, inner] = [shape[at] as number, sizeOf(shape.slice(at + 1))];
  const blocks = Math.ceil(size / (block_size ?? 1));
  const { wanted, strides } =
    axis === undefined
      ? { wanted: [1], strides: [0, 0, 0] }
      : block_size === undefined
        ? { wanted: [size], strides: [0, 1, 0] }
        : { wanted: shape.with(at, blocks), strides: [blocks * inner, inner, 1] };
  for (const [name, tensor] of Object.entries({ scale, zero_point: zeroPoint ?? scale })) {
    if (!sameShape(tensor.shape, wanted)) {
      throw new ShapeError(
        `${what}: ${name} of ${formatShape(tensor.shape)} does not fit ${formatShape(shape)}; give ${formatShape(wanted)}`,
      );
    }
  }
  return [sizeOf(shape), inner, size, block_size ?? 1, ...strides].map(u32);
}
