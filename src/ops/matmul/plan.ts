import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';

/** What is multiplied: shapes as torch.matmul takes them, and which operands are transposed. */
export interface ProductShapes {
  readonly a: Shape;
  readonly b: Shape;
  readonly bias?: Shape | undefined;
  readonly transpose_a?: boolean | undefined;
  readonly transpose_b?: boolean | undefined;
}

/** A dimension of y with the strides of the operands along it, in elements; 0 repeats. */
export interface Axis {
  readonly size: number;
  readonly a: number;
  readonly b: number;
  readonly bias: number;
}

/** Sizes and strides of a batched product; `batch` has at most four axes. */
export interface ProductPlan {
  /** Shape of y as torch.matmul returns it: without the dimension that a 1-D operand lacks. */
  readonly shape: Shape;
  readonly batch: readonly Axis[];
  readonly row: Axis;
  readonly col: Axis;
  readonly k: { readonly size: number; readonly a: number; readonly b: number };
}

const MAX_BATCH_AXES = 4;

/**
 * Lays out y = op(a) op(b) + bias. Dimensions before the last two are batches and broadcast; a 1-D
 * operand is a row (a) or a column (b), for which a transpose changes nothing. Batches that follow
 * each other in memory are merged, with each other and with the rows. A product of no terms is 0.
 * Throws ShapeError when the operands do not fit.
 */
export function planProduct(shapes: ProductShapes): ProductPlan {
  const { a, b, bias = [] } = shapes;
  if (a.length === 0 || b.length === 0) throw misfit(shapes, 'has an operand without dimensions');
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  const m = axesOf(left, a.length > 1 && shapes.transpose_a === true);
  const n = axesOf(right, b.length > 1 && shapes.transpose_b === true);
  if (m.cols !== n.rows)
    throw misfit(shapes, `does not fit: ${m.cols} columns meet ${n.rows} rows`);

  const batchShape =
    broadcast(left.slice(0, -2), right.slice(0, -2)) ??
    raise(misfit(shapes, 'has batch dimensions that do not broadcast'));
  const rows = a.length > 1 ? [m.rows] : [];
  const cols = b.length > 1 ? [n.cols] : [];
  const shape = [...batchShape, ...rows, ...cols];
  const full = broadcast(bias, shape);
  if (!full || full.length > shape.length || full.some((size, i) => size !== shape[i])) {
    throw misfit(shapes, `does not fit its bias ${formatShape(bias)}`);
  }

  const rank = batchShape.length;
  const biasStrides = broadcastStrides(bias, shape.length);
  const strideA = broadcastStrides(left, rank + 2);
  const strideB = broadcastStrides(right, rank + 2);
  const batch = batchShape.map((size, i) => ({
    size,
    a: at(strideA, i),
    b: at(strideB, i),
    bias: at(biasStrides, i),
  }));
  const row: Axis = {
    size: m.rows,
    a: m.rowStride,
    b: 0,
    bias: a.length > 1 ? at(biasStrides, rank) : 0,
  };
  const col: Axis = {
    size: n.cols,
    a: 0,
    b: n.colStride,
    bias: b.length > 1 ? at(biasStrides, shape.length - 1) : 0,
  };
  const merged = merge(batch);
  // Batches that share b are more rows of one product.
  const rowsOfAll = merged.at(-1)?.b === 0 ? merge([merged.at(-1) as Axis, row]) : [];
  const axes = rowsOfAll.length === 1 ? [...merged.slice(0, -1), ...rowsOfAll] : [...merged, row];
  if (axes.length > MAX_BATCH_AXES + 1)
    throw misfit(
      shapes,
      `has more than ${MAX_BATCH_AXES} batch dimensions that broadcast differently`,
    );
  return {
    shape: shape.length > 0 ? shape : [1],
    batch: axes.slice(0, -1),
    row: axes.at(-1) as Axis,
    col,
    k: { size: m.cols, a: m.colStride, b: n.rowStride },
  };
}

/**
 * Joins neighbours along which every operand moves as along one longer axis; axes of size 1 vanish
 * into the next.
 */
function merge(axes: readonly Axis[]): Axis[] {
  const merged: Axis[] = [];
  for (const inner of axes) {
    const outer = merged.at(-1);
    if (
      outer &&
      (['a', 'b', 'bias'] as const).every(
        (of) => outer.size === 1 || inner.size === 1 || outer[of] === inner[of] * inner.size,
      )
    ) {
      const strides = inner.size === 1 && outer.size > 1 ? outer : inner;
      merged[merged.length - 1] = { ...strides, size: outer.size * inner.size };
    } else {
      merged.push(inner);
    }
  }
  return merged;
}

function axesOf(shape: Shape, transposed: boolean) {
  const [rows, cols] = shape.slice(-2) as [number, number];
  return transposed
    ? { rows: cols, cols: rows, rowStride: 1, colStride: cols }
    : { rows, cols, rowStride: cols, colStride: 1 };
}

/** The common shape of two shapes by the rules of broadcasting; undefined when they have none. */
function broadcast(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const sizes = Array.from(
    { length: rank },
    (_, i) => [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1] as const,
  );
  return sizes.every(([x, y]) => x === y || x === 1 || y === 1)
    ? sizes.map(([x, y]) => (x === 1 ? y : x))
    : undefined;
}

/**
 * Strides of a dense tensor of `shape` along the `rank` dimensions of what it is broadcast to, 0
 * where it repeats.
 */
export function broadcastStrides(shape: Shape, rank: number): number[] {
  let stride = 1;
  const strides = shape.toReversed().map((size) => {
    const own = size === 1 ? 0 : stride;
    stride *= size;
    return own;
  });
  return [...new Array<number>(rank - shape.length).fill(0), ...strides.toReversed()];
}

const at = (strides: readonly number[], i: number): number => strides[i] as number;

function misfit({ a, b }: ProductShapes, why: string): ShapeError {
  return new ShapeError(`matmul of ${formatShape(a)} and ${formatShape(b)} ${why}`);
}

function raise(error: Error): never {
  throw error;
}
