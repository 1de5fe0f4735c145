import { type UniformField, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sameShape, sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Onnx } from '../../vocabulary/quant/linear-scale.ts';
import { axisOf } from '../math/axes.ts';

/**
 * The kernels' `Scales` for a tensor of `shape`. Throws {@link ShapeError} when scales or zero
 * points have another shape.
 */
export function scaleFields(
  what: string,
  shape: Shape,
  scale: Tensor,
  zeroPoint: Tensor | undefined,
  { axis, block_size }: Onnx,
): UniformField[] {
  const at = axis === undefined ? 0 : axisOf(what, axis, shape);
  const size = shape[at] as number;
  const inner = sizeOf(shape.slice(at + 1));
  const ofBlocks = (block: number) => {
    const blocks = Math.ceil(size / block);
    return { wanted: shape.with(at, blocks), strides: [blocks * inner, inner, 1] };
  };
  const { wanted, strides } =
    axis === undefined
      ? { wanted: [1], strides: [0, 0, 0] }
      : block_size === undefined
        ? { wanted: [size], strides: [0, 1, 0] }
        : ofBlocks(block_size);
  for (const [name, tensor] of Object.entries({ scale, zero_point: zeroPoint ?? scale })) {
    if (!sameShape(tensor.shape, wanted)) {
      throw new ShapeError(
        `${what}: ${name} of ${formatShape(tensor.shape)} does not fit ${formatShape(shape)}; give ${formatShape(wanted)}`,
      );
    }
  }
  return [sizeOf(shape), inner, size, block_size ?? 1, ...strides].map(u32);
}
