import { GradproofError } from '../../errors.ts';
import { type UniformField, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sameShape, sizeOf } from '../../tensor/shape.ts';
import type { Tensor, Tensors } from '../../tensor/tensor.ts';
import {
  NO_NIBBLES,
  nibbles,
  type Onnx,
  packsNibbles,
} from '../../vocabulary/quant/linear-scale.ts';
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
  { axis, block_size, packed }: Onnx,
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
  const parts = [
    ['scale', scale, wanted],
    ...(zeroPoint ? ([['zero_point', zeroPoint, packed ? nibbles(wanted) : wanted]] as const) : []),
  ] as const;
  for (const [name, tensor, own] of parts) {
    if (!sameShape(tensor.shape, own)) {
      throw new ShapeError(
        `${what}: ${name} of ${formatShape(tensor.shape)} does not fit ${formatShape(shape)}; give ${formatShape(own)}`,
      );
    }
  }
  return [sizeOf(shape), inner, size, block_size ?? 1, ...strides].map(u32);
}

/**
 * Whether every `chunk` elements, from a multiple of it on, share a scale: of all, of an index along
 * the axis, or of a block of neighbours.
 */
export function sharesScale(shape: Shape, { axis, block_size }: Onnx, chunk: number): boolean {
  if (axis === undefined) return true;
  const at = axisOf('scale', axis, shape);
  const inner = sizeOf(shape.slice(at + 1));
  if (block_size === undefined) return inner % chunk === 0;
  return inner === 1 && block_size % chunk === 0 && (shape[at] as number) % chunk === 0;
}

/**
 * Throws {@link ShapeError} where codes that are packed are no bytes without a sign, and
 * GradproofError `bad-params` where they have not 4 bits.
 */
export function checkPacked(what: string, tensors: Partial<Tensors>, params: Onnx): void {
  if (!packsNibbles(params)) throw new GradproofError('bad-params', `${what}: ${NO_NIBBLES}`);
  for (const [name, tensor] of Object.entries(tensors))
    if (tensor && tensor.dtype !== 'u8')
      throw new ShapeError(`${what}: ${name} of packed codes is u8, not ${tensor.dtype}`);
}
