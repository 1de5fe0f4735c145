import addShader from '../../../shaders/shape/add_along.wgsl';
import takeShader from '../../../shaders/shape/take_along.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, gridOfFours, linearGrid, u32 } from '../../gpu/shader.ts';
import { computedAs } from '../../tensor/dtype.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { axisFields, axisOf, denseStrides, inFours, walk } from '../math/axes.ts';

/** Where elements of one tensor lie along a dimension of another. */
export interface Along {
  readonly what: string;
  /** The dimension, counted from the front. */
  readonly dim: number;
  readonly indices: Tensor;
  /** How far apart neighbours along each dimension of the walk are in the indices. */
  readonly indexStrides: readonly number[];
}

/**
 * Indices along `dim` of a tensor of shape `x`, as torch.gather takes them: of its rank, and in no
 * other dimension larger, but where `repeats` and x has size 1. Throws ShapeError.
 */
export function indicesAlong(
  what: string,
  x: Shape,
  indices: Tensor,
  given: number,
  repeats = false,
): Along {
  const dim = axisOf(what, given, x);
  const { shape } = indices;
  const fits = (n: number, d: number) =>
    d === dim || n <= (x[d] as number) || (repeats && x[d] === 1);
  if (shape.length !== x.length || !shape.every(fits)) {
    throw new ShapeError(
      `${what}: indices ${formatShape(shape)} do not fit into ${formatShape(x)} along dim ${dim}`,
    );
  }
  requireRows(what, x, dim, indices);
  return { what, dim, indices, indexStrides: denseStrides(shape) };
}

/** Throws ShapeError when there are indices, but nothing along the dimension that they could mean. */
export function requireRows(what: string, x: Shape, dim: number, indices: Tensor): void {
  if (x[dim] === 0 && indices.size > 0) {
    throw new ShapeError(
      `${what}: ${formatShape(x)} has nothing along dim ${dim} that ${indices.size} indices could mean`,
    );
  }
}

/**
 * x, which repeats where its size is 1, at indices along a dimension, which fill `shape`, as a
 * tensor of that shape or `as`; times `scale`, if given. The caller owns it.
 */
export function takenAlong(
  gpu: Gpu,
  x: Tensor,
  { what, dim, indices, indexStrides }: Along,
  shape: Shape,
  { scale, as = shape }: { readonly scale?: number; readonly as?: Shape } = {},
): Tensor {
  const strides = denseStrides(x.shape).map((stride, d) =>
    x.shape[d] === 1 && d !== dim ? 0 : stride,
  );
  const axes = walk(shape, [strides.with(dim, 0), indexStrides]);
  const y = Tensor.empty(gpu, computedAs(x.dtype), as);
  gpu.dispatch({
    shader: takeShader,
    constants: { SCALED: Number(scale !== undefined), FOURS: Number(inFours(axes)) },
    bindings: [x, indices, y].map((tensor) => tensor.binding),
    uniforms: [
      ...[y.size, x.shape[dim] as number, strides[dim] as number].map(u32),
      f32(scale ?? 1),
      ...axisFields(what, axes),
    ],
    workgroups: gridOfFours(y.size),
  });
  return y;
}

/** Invocations that keep a GPU busy: lanes are shared out until there are as many. */
const INVOCATIONS = 1024;

/**
 * Adds the elements of `src` that lie in `shape`, times `scale`, to y at indices along a dimension,
 * all f32 or all i32, which wrap: those of an element in ascending order, the same bits every time.
 */
export function addAlong(
  gpu: Gpu,
  y: Tensor,
  { what, dim, indices, indexStrides }: Along,
  src: Tensor,
  shape: Shape,
  scale = 1,
): void {
  const strides = [denseStrides(y.shape), indexStrides, denseStrides(src.shape)];
  const others = shape.toSpliced(dim, 1);
  const lanes = sizeOf(others);
  const rows = y.shape[dim] as number;
  const isInteger = y.dtype === 'i32';
  const parts = Math.max(1, Math.min(rows, Math.ceil(INVOCATIONS / lanes)));
  gpu.dispatch({
    shader: addShader,
    constants: { INTEGERS: Number(isInteger) },
    bindings: [indices, src, y].map((tensor) => tensor.binding),
    uniforms: [
      ...[lanes, parts, shape[dim] as number, rows].map(u32),
      ...strides.map((of) => u32(of[dim] as number)),
      isInteger ? u32(scale) : f32(scale),
      ...axisFields(
        what,
        walk(
          others,
          strides.map((of) => of.toSpliced(dim, 1)),
        ),
      ),
    ],
    workgroups: linearGrid(lanes * parts),
    flops: sizeOf(shape),
  });
}
