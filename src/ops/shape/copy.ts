import shader from '../../../shaders/shape/copy.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { gridOfFours, PADDING, u32 } from '../../gpu/shader.ts';
import { computedAs } from '../../tensor/dtype.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import {
  axisFields,
  denseStrides,
  inFours,
  MAX_AXES,
  repeatedStrides,
  walk,
} from '../math/axes.ts';

/**
 * Where a walk over `shape` finds elements of a tensor: from element `start` on, by these strides.
 */
export interface Places {
  readonly tensor: Tensor;
  readonly strides: readonly number[];
  readonly start?: number;
}

/** Throws ShapeError when a tensor has more dimensions than a walk. */
export function requireCopyable(what: string, { shape }: Tensor): void {
  if (shape.length > MAX_AXES)
    throw new ShapeError(`${what}: ${formatShape(shape)} has more than ${MAX_AXES} dimensions`);
}

/**
 * Copies the elements of a walk over `shape`, of 32 bits each, from x to y, both
 * {@link requireCopyable}.
 */
export function copy(gpu: Gpu, shape: Shape, x: Places, y: Places): void {
  const axes = walk(shape, [x.strides, y.strides]);
  gpu.dispatch({
    shader,
    constants: { FOURS: Number(inFours(axes)) },
    bindings: [x.tensor.binding, y.tensor.binding],
    uniforms: [
      ...[sizeOf(shape), x.start ?? 0, y.start ?? 0].map(u32),
      PADDING,
      ...axisFields('copy', axes),
    ],
    workgroups: gridOfFours(sizeOf(shape)),
  });
}

/**
 * x with its dimensions in the order `perm`: y's dimension d is x's `perm[d]`; as a tensor of
 * `shape`, if given. The caller owns it.
 */
export function permuted(gpu: Gpu, x: Tensor, perm: readonly number[], shape?: Shape): Tensor {
  requireCopyable('transpose', x);
  const strides = denseStrides(x.shape);
  const walked = perm.map((d) => x.shape[d] as number);
  const y = Tensor.empty(gpu, computedAs(x.dtype), shape ?? walked);
  copy(
    gpu,
    walked,
    { tensor: x, strides: perm.map((d) => strides[d] as number) },
    { tensor: y, strides: denseStrides(walked) },
  );
  return y;
}

/**
 * x repeated to fill `shape`, as torch's Tensor.expand with memory of its own. The caller owns it.
 * Throws ShapeError.
 */
export function expanded(gpu: Gpu, x: Tensor, shape: Shape): Tensor {
  requireCopyable('expand', x);
  const strides = repeatedStrides('expand', x.shape, shape);
  const y = Tensor.empty(gpu, computedAs(x.dtype), shape);
  copy(gpu, shape, { tensor: x, strides }, { tensor: y, strides: denseStrides(shape) });
  return y;
}
