import { formatShape, type Shape } from '../tensor/shape.ts';
import { SignatureError } from './error.ts';
import type { Known, ShapeRule } from './rules.ts';

/** The same shape as input `name`. */
export function like<P>(name: string): ShapeRule<P> {
  return ({ shape }) => shape(name);
}

/** One number for each index of the first dimension; of a scalar one. */
export function channelShape(shape: Shape): readonly [number] {
  return [shape[0] ?? 1];
}

/** `axis` counted from the front; throws when the shape has no such dimension. */
export function axisIn(axis: number, shape: Shape): number {
  if (axis < -shape.length || axis >= shape.length)
    throw new SignatureError(`axis ${axis} is not a dimension of ${formatShape(shape)}`);
  return axis < 0 ? axis + shape.length : axis;
}

/** The same shape as input `x`, which has the dimension `axis`. */
export function alongAxis<P extends { readonly axis: number }>({ shape, params }: Known<P>): Shape {
  axisIn(params.axis, shape('x'));
  return shape('x');
}

/** What two shapes broadcast to. */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const m = a[i - rank + a.length] ?? 1;
    const n = b[i - rank + b.length] ?? 1;
    if (m !== n && m !== 1 && n !== 1)
      throw new SignatureError(`${formatShape(a)} and ${formatShape(b)} do not broadcast`);
    return m === 1 ? n : m;
  });
}

/** `actual`, if it broadcasts to `target` without widening it. */
export function broadcastsTo(actual: Shape, target: Shape): Shape {
  if (formatShape(broadcast(actual, target)) !== formatShape(target)) {
    throw new SignatureError(`${formatShape(actual)} does not broadcast to ${formatShape(target)}`);
  }
  return actual;
}

/** A shape in which no dimension is a scalar's absence: a scalar is `[1]`. */
function orScalar(shape: Shape): Shape {
  return shape.length === 0 ? [1] : shape;
}

/** Blocks of `blocksize` consecutive elements of the flat tensor; the last may be partial. */
export function blocks(elements: number, blocksize: number): number {
  return Math.ceil(elements / blocksize);
}

/** `dividend / divisor` where it must come out even; `what` names the dividend. */
export function exactly(dividend: number, divisor: number, what: string): number {
  if (dividend % divisor !== 0)
    throw new SignatureError(`${what} ${dividend} is not a multiple of ${divisor}`);
  return dividend / divisor;
}

/**
 * The shape of torch.matmul: 1-D operands are a row or a column that vanishes, batch dimensions
 * broadcast.
 */
export function matmulShape(a: Shape, b: Shape, transposeA: boolean, transposeB: boolean): Shape {
  if ((a.length < 2 && transposeA) || (b.length < 2 && transposeB))
    throw new SignatureError('a 1-D operand has no transpose');
  const [m, k] = a.length < 2 ? [1, a[0]] : lastTwo(a, transposeA);
  const [kb, n] = b.length < 2 ? [b[0], 1] : lastTwo(b, transposeB);
  if (k !== kb)
    throw new SignatureError(
      `the inner dimensions of ${formatShape(a)} and ${formatShape(b)} differ`,
    );
  const batch = broadcast(a.slice(0, -2), b.slice(0, -2));
  return orScalar([
    ...batch,
    ...(a.length < 2 ? [] : [m as number]),
    ...(b.length < 2 ? [] : [n as number]),
  ]);
}

function lastTwo(shape: Shape, transposed: boolean): [number, number] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
}

/** The shape after a reduction over `axes`. */
export function reduced(x: Shape, axes: readonly number[], keepdims: boolean): Shape {
  const dropped = new Set(axes.map((axis) => axisIn(axis, x)));
  if (dropped.size !== axes.length)
    throw new SignatureError(`an axis of [${axes.join(', ')}] is named twice`);
  return orScalar(
    keepdims ? x.map((n, i) => (dropped.has(i) ? 1 : n)) : x.filter((_, i) => !dropped.has(i)),
  );
}

/** The same of a reduction that chooses an element: there must be one. */
export function chosen(x: Shape, axes: readonly number[], keepdims: boolean): Shape {
  if (axes.some((axis) => x[axisIn(axis, x)] === 0))
    throw new SignatureError('a maximum over no elements is none');
  return reduced(x, axes, keepdims);
}

/** Settings of a window that slides over two dimensions. */
export interface Window {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  /** [top, left, bottom, right] */
  readonly padding: readonly [number, number, number, number];
  readonly dilation: readonly [number, number];
  readonly ceilMode?: boolean;
}

/** Height and width of what a window gives over `height` x `width`. */
export function slid(
  [height, width]: readonly [number, number],
  { kernel, stride, padding, dilation, ceilMode }: Window,
): [number, number] {
  const along = (input: number, d: 0 | 1): number => {
    const before = padding[d];
    const after = padding[d + 2] as number;
    const room = input + before + after - dilation[d] * (kernel[d] - 1) - 1;
    if (room < 0) throw new SignatureError(`a window of ${kernel[d]} does not fit into ${input}`);
    const steps = ceilMode ? Math.ceil(room / stride[d]) : Math.floor(room / stride[d]);
    // A last window that starts past input and leading padding is dropped.
    return ceilMode && steps * stride[d] >= input + before ? steps : steps + 1;
  };
  return [along(height, 0), along(width, 1)];
}
