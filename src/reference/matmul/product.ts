import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { FLUSH, flushOfProducts, gamma, maxAbs, typicalSum } from '../bounds.ts';
import { broadcastIndex, broadcastShape, sumTo } from '../broadcast.ts';
import type { Acceptance, Depth, Value } from '../record.ts';

/** The operand as one or more matrices, row after row. */
interface Matrices {
  readonly batch: Shape;
  readonly rows: number;
  readonly cols: number;
  readonly data: Float64Array;
}

function matrices(value: Value, transposed: boolean): Matrices {
  const [r, c] = value.shape.slice(-2) as [number, number];
  const batch = value.shape.slice(0, -2);
  if (!transposed) return { batch, rows: r, cols: c, data: value.data };
  const data = transposedData(value.data, r, c);
  return { batch, rows: c, cols: r, data };
}

/** Matrices of so many rows and columns, one after the other, each transposed. */
export function transposedData(data: Float64Array, rows: number, cols: number): Float64Array {
  const size = rows * cols;
  return data.map((_, at) => {
    const i = at % size;
    return data[at - i + (i % rows) * cols + Math.floor(i / rows)] as number;
  });
}

/** A vector as a matrix of one row or column; matrices stay. */
export function asRow(a: Value): Value {
  return a.shape.length === 1 ? { ...a, shape: [1, ...a.shape] } : a;
}

/** See {@link asRow}. */
export function asColumn(b: Value): Value {
  return b.shape.length === 1 ? { ...b, shape: [...b.shape, 1] } : b;
}

/** Terms of each sum of the product. */
export function innerSize(a: Value, transposed: boolean): number {
  return a.shape.at(transposed ? -2 : -1) as number;
}

/** The sum of a[startA + t] * b[startB + t] over `terms` terms. */
export type InnerProduct = (
  a: Float64Array,
  startA: number,
  b: Float64Array,
  startB: number,
  terms: number,
) => number;

/**
 * op(a) op(b) for operands of two or more dimensions; batches broadcast. In float64, unless another
 * `inner` is given.
 */
export function product(
  a: Value,
  b: Value,
  transposeA: boolean,
  transposeB: boolean,
  inner: InnerProduct = dot,
): Value {
  // Columns of op(b) as rows, so that the terms of a sum lie side by side: whole training steps are
  // judged with this.
  const left = matrices(a, transposeA);
  const right = matrices(b, !transposeB);
  if (left.cols !== right.cols)
    throw new RangeError(`${left.cols} columns do not meet ${right.cols} rows`);
  const batch = broadcastShape(left.batch, right.batch);
  const shape = [...batch, left.rows, right.rows];
  const data = new Float64Array(sizeOf(shape));
  const terms = left.cols;
  let at = 0;
  for (let i = 0; i < sizeOf(batch); i++) {
    const l = broadcastIndex(i, batch, left.batch) * left.rows;
    const r = broadcastIndex(i, batch, right.batch) * right.rows;
    for (let row = l; row < l + left.rows; row++) {
      const end = r + right.rows;
      let col = r;
      for (; inner === dot && col + 4 <= end; col += 4, at += 4)
        fourDots(left.data, row * terms, right.data, col * terms, terms, data, at);
      for (; col < end; col++)
        data[at++] = inner(left.data, row * terms, right.data, col * terms, terms);
    }
  }
  return { shape, data };
}

function dot(
  a: Float64Array,
  startA: number,
  b: Float64Array,
  startB: number,
  terms: number,
): number {
  let sum = 0;
  for (let t = 0; t < terms; t++) sum += (a[startA + t] as number) * (b[startB + t] as number);
  return sum;
}

/**
 * The same of four rows of b, `terms` apart, to four places of y: a processor does not wait for one
 * sum while it adds to the others.
 */
function fourDots(
  a: Float64Array,
  startA: number,
  b: Float64Array,
  startB: number,
  terms: number,
  y: Float64Array,
  at: number,
): void {
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  for (let t = 0; t < terms; t++) {
    const factor = a[startA + t] as number;
    const first = startB + t;
    sum0 += factor * (b[first] as number);
    sum1 += factor * (b[first + terms] as number);
    sum2 += factor * (b[first + 2 * terms] as number);
    sum3 += factor * (b[first + 3 * terms] as number);
  }
  y[at] = sum0;
  y[at + 1] = sum1;
  y[at + 2] = sum2;
  y[at + 3] = sum3;
}

/** abs(op(a)) abs(op(b)): the condition of the product's sums. */
export function absoluteProduct(
  a: Value,
  b: Value,
  transposeA: boolean,
  transposeB: boolean,
): Value {
  return product(absolute(a), absolute(b), transposeA, transposeB);
}

/** Absolute values. */
export function absolute(value: Value): Value {
  return { shape: value.shape, data: value.data.map(Math.abs) };
}

/**
 * gamma_c (abs(A) abs(B)) with the flush terms, where the product is summed to `shape` over the
 * batches that an operand was repeated for: all terms together, and one more level through memory.
 * A `scale` other than 1 takes each product before those sums.
 */
export function productBound(
  a: Value,
  b: Value,
  transposeA: boolean,
  transposeB: boolean,
  depth: Depth,
  shape?: Shape,
  scale = 1,
): Extract<Acceptance, { kind: 'within' }> {
  const full = absoluteProduct(a, b, transposeA, transposeB);
  const size = Math.abs(scale);
  const isScaled = scale !== 1;
  const condition = (shape ? sumTo(full, shape) : full).data.map((x) => size * x);
  const repeats = full.data.length / condition.length;
  const terms = innerSize(a, transposeA) * repeats;
  const c = depth(terms) + Number(repeats > 1) + Number(isScaled);
  const flush =
    size * flushOfProducts(terms, maxAbs(a.data), maxAbs(b.data)) +
    (isScaled ? FLUSH * (1 + size) * repeats : 0);
  return {
    kind: 'within',
    bound: condition.map((x) => gamma(c) * x + flush),
    typical: condition.map((x) => typicalSum(c, x)),
  };
}

/**
 * Error of op(a) op(b) where `a` carries an error of its own: what that error becomes, and gamma_c
 * of the sums, with the flush terms. Bounds of a chain of products are built stage by stage with
 * it.
 */
export function stageError(
  a: Value,
  errorOfA: Value | undefined,
  b: Value,
  transposeA: boolean,
  transposeB: boolean,
  c: number,
): Value {
  const grown = errorOfA
    ? { shape: a.shape, data: a.data.map((x, i) => Math.abs(x) + (errorOfA.data[i] as number)) }
    : a;
  const condition = absoluteProduct(grown, b, transposeA, transposeB);
  const carried = errorOfA && absoluteProduct(errorOfA, b, transposeA, transposeB);
  const flush = flushOfProducts(innerSize(a, transposeA), maxAbs(grown.data), maxAbs(b.data));
  return {
    shape: condition.shape,
    data: condition.data.map((x, i) => gamma(c) * x + flush + (carried?.data[i] ?? 0)),
  };
}
