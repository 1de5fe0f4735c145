import shader from '../../../shaders/shape/copy.wgsl';
import transposeShader from '../../../shaders/shape/transpose.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { gridOfFours, PADDING, spread, u32 } from '../../gpu/shader.ts';
import { computedAs, isHalf } from '../../tensor/dtype.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import {
  type Axis,
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
  copyAlong(gpu, walk(shape, [x.strides, y.strides]), sizeOf(shape), x, y);
}

function copyAlong(gpu: Gpu, axes: readonly Axis[], count: number, x: Places, y: Places): void {
  gpu.dispatch({
    shader,
    constants: { FOURS: Number(inFours(axes)) },
    bindings: [x.tensor.binding, y.tensor.binding],
    uniforms: [
      ...[count, x.start ?? 0, y.start ?? 0].map(u32),
      PADDING,
      ...axisFields('copy', axes),
    ],
    workgroups: gridOfFours(count),
  });
}

/** Kernels of {@link permuted}. */
export const PERMUTING_KERNELS: readonly string[] = [shader.file, transposeShader.file];

/** Matrices beside each other in memory, in fours of rows and columns. */
interface Matrices {
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
}

/** The matrices of x if a walk transposes each of them, and their sides are whole fours. */
function transposedMatrices([inner, outer, batch, ...more]: readonly Axis[]): Matrices | undefined {
  if (!inner || !outer || more.length > 0) return undefined;
  const { size: rows } = inner;
  const { size: columns } = outer;
  const walks = ({ strides }: Axis, inX: number, inY: number) =>
    strides[0] === inX && strides[1] === inY;
  const whole = rows % 4 === 0 && columns % 4 === 0;
  if (!whole || !walks(inner, columns, 1) || !walks(outer, 1, rows)) return undefined;
  if (batch && !walks(batch, rows * columns, rows * columns)) return undefined;
  return { count: batch?.size ?? 1, rows: rows / 4, columns: columns / 4 };
}

/** Rows and columns, in fours, of a workgroup of the kernel. */
const SIDE = 8;

function transposed(gpu: Gpu, { count, rows, columns }: Matrices, x: Tensor, y: Tensor): void {
  gpu.dispatch({
    shader: transposeShader,
    bindings: [x.binding, y.binding],
    uniforms: [count, rows, columns].map(u32),
    workgroups: spread(count * Math.ceil(rows / SIDE) * Math.ceil(columns / SIDE)),
  });
}

/**
 * x with its dimensions in the order `perm`: y's dimension d is x's `perm[d]`; as a tensor of
 * `shape`, if given. Halves that stay beside each other are copied as they lie. The caller owns it.
 */
export function permuted(gpu: Gpu, x: Tensor, perm: readonly number[], shape?: Shape): Tensor {
  requireCopyable('transpose', x);
  const inPairs = staysInPairs(x, perm);
  const copied = inPairs ? ofPairs(x) : x;
  const strides = denseStrides(copied.shape);
  const permutedOf = (of: Shape) => perm.map((d) => of[d] as number);
  const dtype = inPairs ? x.dtype : computedAs(x.dtype);
  const y = Tensor.empty(gpu, dtype, shape ?? permutedOf(x.shape));
  const walked = permutedOf(copied.shape);
  const from = { tensor: copied, strides: permutedOf(strides) };
  const to = { tensor: inPairs ? ofPairs(y) : y, strides: denseStrides(walked) };
  const axes = walk(walked, [from.strides, to.strides]);
  const matrices = transposedMatrices(axes);
  if (matrices) transposed(gpu, matrices, copied, to.tensor);
  else copyAlong(gpu, axes, sizeOf(walked), from, to);
  return y;
}

/** Whether both halves of each word stay in one word. */
const staysInPairs = ({ dtype, shape }: Tensor, perm: readonly number[]): boolean =>
  isHalf(dtype) && perm.at(-1) === shape.length - 1 && (shape.at(-1) as number) % 2 === 0;

/** Halves in rows of an even length as words, two in each. */
const ofPairs = (x: Tensor): Tensor =>
  x.view([...x.shape.slice(0, -1), (x.shape.at(-1) as number) / 2], { dtype: 'u32' });

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
