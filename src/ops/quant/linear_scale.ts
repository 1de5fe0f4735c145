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

/** How the scales of neighbours lie: there is one, they lie side by side, or anyhow. */
type ScalesOfNeighbours = 'shared' | 'adjacent' | 'any';

/** How the scales of every `chunk` elements lie, from a multiple of it on. */
function scalesOf(shape: Shape, { axis, block_size }: Onnx, chunk: number): ScalesOfNeighbours {
  if (axis === undefined) return 'shared';
  const at = axisOf('scale', axis, shape);
  const size = shape[at] as number;
  const inner = sizeOf(shape.slice(at + 1));
  const isInRow = inner === 1 && size % chunk === 0;
  if (block_size === undefined)
    return inner % chunk === 0 ? 'shared' : isInRow ? 'adjacent' : 'any';
  if (isInRow && block_size % chunk === 0) return 'shared';
  return inner % chunk === 0 ? 'adjacent' : 'any';
}

/** Elements whose scales are looked for once, where they share it or lie side by side. */
const CHUNK = 16;

/** How many elements an invocation has, and how their scales lie; `least` where they lie anyhow. */
export function elementsOf(shape: Shape, params: Onnx, least: number) {
  const scales = scalesOf(shape, params, CHUNK);
  return {
    each: scales === 'any' ? least : CHUNK,
    constants: { SHARED: Number(scales === 'shared'), ADJACENT: Number(scales === 'adjacent') },
  };
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
