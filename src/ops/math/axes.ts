import { type UniformField, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sameShape } from '../../tensor/shape.ts';

/** Axes that a kernel of the family walks: its uniform struct has room for as many. */
export const MAX_AXES = 8;

/**
 * One axis of a walk over elements: its size, and how far apart in each operand two neighbours
 * along it are.
 */
export interface Axis {
  readonly size: number;
  readonly strides: readonly number[];
}

/** Distances in elements between neighbours along each axis of a dense tensor. */
export function denseStrides(shape: Shape): number[] {
  const strides: number[] = [];
  shape.reduceRight((stride, size, d) => {
    strides[d] = stride;
    return stride * size;
  }, 1);
  return strides;
}

/**
 * Strides of a dense tensor of shape `from` that repeats to fill `to`: 0 along the axes that
 * repeat. Throws {@link ShapeError}.
 */
export function repeatedStrides(what: string, from: Shape, to: Shape): number[] {
  const missing = to.length - from.length;
  const strides = denseStrides(from);
  if (missing < 0 || from.some((size, d) => size !== 1 && size !== to[d + missing])) {
    throw new ShapeError(`${what}: ${formatShape(from)} does not broadcast to ${formatShape(to)}`);
  }
  return to.map((_, d) =>
    d < missing || from[d - missing] === 1 ? 0 : (strides[d - missing] as number),
  );
}

/**
 * The shape to which both broadcast by numpy's rules. Throws {@link ShapeError} when there is none.
 */
export function broadcastShapes(what: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, d) => {
    const m = a[d - rank + a.length] ?? 1;
    const n = b[d - rank + b.length] ?? 1;
    if (m !== n && m !== 1 && n !== 1)
      throw new ShapeError(`${what}: ${formatShape(a)} and ${formatShape(b)} do not broadcast`);
    return m === 1 ? n : m;
  });
}

/**
 * The axes of `shape`, innermost first, neighbours merged wherever one stride serves both.
 * `strides` has a list for each operand.
 */
export function walk(shape: Shape, strides: readonly (readonly number[])[]): Axis[] {
  const axes: Axis[] = [];
  for (let d = shape.length - 1; d >= 0; d--) {
    const axis: Axis = { size: shape[d] as number, strides: strides.map((of) => of[d] as number) };
    const inner = axes.at(-1);
    if (axis.size === 1) continue;
    if (inner?.strides.every((stride, i) => axis.strides[i] === stride * inner.size)) {
      axes[axes.length - 1] = { size: inner.size * axis.size, strides: inner.strides };
    } else axes.push(axis);
  }
  return axes;
}

const fieldsOf = ({ size, strides: [a = 0, b = 0, c = 0] }: Axis): readonly UniformField[] => [
  u32(size),
  u32(a),
  u32(b),
  u32(c),
];

/**
 * Whether four elements of a walk, from a multiple of four on, always lie along its innermost axis,
 * so that one place and a stride tell where all are.
 */
export function inFours([inner]: readonly Axis[]): boolean {
  return inner !== undefined && inner.size % 4 === 0;
}

/** How a frame that takes elements by fours finds operands of these shapes, which repeat to fill `shape`. */
export interface Repetition {
  readonly axes: readonly Axis[];
  /** Its constant: 0 where none repeats, 1 where each element has a place of its own, 2 where four have. */
  readonly broadcast: 0 | 1 | 2;
}

/** The {@link Repetition} of operands. Throws {@link ShapeError} where one does not broadcast. */
export function repetitionOf(what: string, operands: readonly Shape[], shape: Shape): Repetition {
  if (operands.every((operand) => sameShape(operand, shape))) return { axes: [], broadcast: 0 };
  const axes = walk(
    shape,
    operands.map((operand) => repeatedStrides(what, operand, shape)),
  );
  return { axes, broadcast: inFours(axes) ? 2 : 1 };
}

/** What follows the last axis: no index is as large, so that a walk ends there. */
const END = fieldsOf({ size: 0xffffffff, strides: [] });

/**
 * `axes` as a kernel's `array<vec4u, 8>` of size and up to three strides. Throws {@link ShapeError}
 * when there are more than 8.
 */
export function axisFields(what: string, axes: readonly Axis[]): UniformField[] {
  if (axes.length > MAX_AXES)
    throw new ShapeError(
      `${what}: ${axes.length} separate dimensions; at most ${MAX_AXES} are walked`,
    );
  const fields: UniformField[] = [];
  for (let i = 0; i < MAX_AXES; i++) {
    const axis = axes[i];
    fields.push(...(axis ? fieldsOf(axis) : END));
  }
  return fields;
}

/** `axis` counted from the front. Throws {@link ShapeError} when the shape has no such axis. */
export function axisOf(what: string, axis: number, shape: Shape): number {
  if (!Number.isInteger(axis) || axis < -shape.length || axis >= shape.length) {
    throw new ShapeError(`${what}: a tensor of ${formatShape(shape)} has no axis ${axis}`);
  }
  return axis < 0 ? axis + shape.length : axis;
}
