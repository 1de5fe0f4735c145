import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../tensor/host.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { type Axis, type ProductPlan, type ProductShapes, planProduct } from './plan.ts';

/** y of a plan, computed as a kernel does: by nothing but sizes and strides. */
function run(
  { batch, row, col, k }: ProductPlan,
  a: readonly number[],
  b: readonly number[],
  bias: readonly number[],
): number[] {
  const starts = batch.reduce<Omit<Axis, 'size'>[]>(
    (all, axis) =>
      all.flatMap((at) =>
        Array.from({ length: axis.size }, (_, i) => ({
          a: at.a + i * axis.a,
          b: at.b + i * axis.b,
          bias: at.bias + i * axis.bias,
        })),
      ),
    [{ a: 0, b: 0, bias: 0 }],
  );
  const indices = (n: number) => Array.from({ length: n }, (_, i) => i);
  return starts.flatMap((at) =>
    indices(row.size).flatMap((r) =>
      indices(col.size).map((c) => {
        const terms = indices(k.size).map(
          (t) => (a[at.a + r * row.a + t * k.a] ?? 0) * (b[at.b + t * k.b + c * col.b] ?? 0),
        );
        return terms.reduce((sum, x) => sum + x, bias[at.bias + r * row.bias + c * col.bias] ?? 0);
      }),
    ),
  );
}

const count = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

describe('planProduct', () => {
  test.each([
    { a: [5, 7], b: [7, 9], shape: [5, 9] },
    { a: [7], b: [7], shape: [1] },
    { a: [7], b: [3, 7, 2], shape: [3, 2] },
    { a: [4, 5, 7], b: [7], shape: [4, 5] },
    { a: [2, 1, 5, 7], b: [3, 7, 9], shape: [2, 3, 5, 9] },
    { a: [7, 5], b: [9, 7], transpose_a: true, transpose_b: true, shape: [5, 9] },
    { a: [7], b: [7], transpose_a: true, transpose_b: true, shape: [1] },
  ])('y of $a and $b has shape $shape', ({ shape, ...shapes }) => {
    expect(planProduct(shapes).shape).toEqual(shape);
  });

  test('makes the batches that share b rows of one product', () => {
    expect(planProduct({ a: [4, 6, 5, 7], b: [7, 9] })).toMatchObject({
      batch: [],
      row: { size: 120, a: 7 },
    });
  });

  test('keeps the batches of b apart', () => {
    const plan = planProduct({ a: [3, 1, 5], b: [3, 5, 9] });
    expect(plan).toMatchObject({ batch: [{ size: 3, a: 5, b: 45 }], row: { size: 1 } });
  });

  test('takes no rows, no terms and no batches', () => {
    expect(planProduct({ a: [0, 7], b: [7, 9] })).toMatchObject({
      shape: [0, 9],
      row: { size: 0 },
    });
    expect(planProduct({ a: [5, 0], b: [0, 9] })).toMatchObject({ shape: [5, 9], k: { size: 0 } });
    expect(planProduct({ a: [0, 5, 7], b: [1, 7, 9] }).shape).toEqual([0, 5, 9]);
  });

  test.each([
    ['inner dimensions', { a: [5, 7], b: [6, 9] }, 'does not fit: 7 columns meet 6 rows'],
    ['batches', { a: [2, 5, 7], b: [3, 7, 9] }, 'do not broadcast'],
    ['no dimensions', { a: [], b: [7] }, 'without dimensions'],
    ['a bias larger than y', { a: [5, 7], b: [7, 9], bias: [2, 5, 9] }, 'bias'],
    ['a bias of more dimensions', { a: [5, 7], b: [7, 9], bias: [1, 5, 9] }, 'its bias 1x5x9'],
    ['a bias of another size', { a: [5, 7], b: [7, 9], bias: [8] }, 'bias'],
    ['alternating batches', { a: [1, 2, 1, 2, 1, 5, 7], b: [2, 1, 2, 1, 2, 7, 9] }, 'more than 4'],
  ])('refuses %s', (_, shapes, message) => {
    expect(() => planProduct(shapes)).toThrow(ShapeError);
    expect(() => planProduct(shapes)).toThrow(message);
  });

  const axis = (size: number, a: number, b: number, bias: number): Axis => ({ size, a, b, bias });

  test.each<[string, ProductShapes, ProductPlan]>([
    [
      'two matrices',
      { a: [5, 7], b: [7, 9], bias: [9] },
      {
        shape: [5, 9],
        batch: [],
        row: axis(5, 7, 0, 0),
        col: axis(9, 0, 1, 1),
        k: { size: 7, a: 1, b: 9 },
      },
    ],
    [
      'two transposed ones',
      { a: [7, 5], b: [9, 7], transpose_a: true, transpose_b: true },
      {
        shape: [5, 9],
        batch: [],
        row: axis(5, 1, 0, 0),
        col: axis(9, 0, 7, 0),
        k: { size: 7, a: 5, b: 1 },
      },
    ],
    [
      'two vectors',
      { a: [7], b: [7], transpose_a: true, transpose_b: true, bias: [] },
      {
        shape: [1],
        batch: [],
        row: axis(1, 7, 0, 0),
        col: axis(1, 0, 1, 0),
        k: { size: 7, a: 1, b: 1 },
      },
    ],
    [
      'a vector and a matrix, with a bias of its columns',
      { a: [7], b: [7, 9], bias: [9] },
      {
        shape: [9],
        batch: [],
        row: axis(1, 7, 0, 0),
        col: axis(9, 0, 1, 1),
        k: { size: 7, a: 1, b: 9 },
      },
    ],
    [
      'a matrix and a vector, with a bias of its rows',
      { a: [5, 7], b: [7], bias: [5] },
      {
        shape: [5],
        batch: [],
        row: axis(5, 7, 0, 1),
        col: axis(1, 0, 1, 0),
        k: { size: 7, a: 1, b: 1 },
      },
    ],
    [
      'batches of both, which a bias repeats in part',
      { a: [2, 1, 5, 7], b: [3, 7, 9], bias: [3, 1, 9] },
      {
        shape: [2, 3, 5, 9],
        batch: [axis(2, 35, 0, 0), axis(3, 0, 63, 9)],
        row: axis(5, 7, 0, 0),
        col: axis(9, 0, 1, 1),
        k: { size: 7, a: 1, b: 9 },
      },
    ],
    [
      'batches of b alone',
      { a: [3, 5, 7], b: [2, 1, 7, 9] },
      {
        shape: [2, 3, 5, 9],
        batch: [axis(2, 0, 63, 0)],
        row: axis(15, 7, 0, 0),
        col: axis(9, 0, 1, 0),
        k: { size: 7, a: 1, b: 9 },
      },
    ],
    [
      'batches that follow each other in both, with some of size 1',
      { a: [1, 2, 1, 3, 5, 7], b: [2, 1, 3, 7, 9] },
      {
        shape: [1, 2, 1, 3, 5, 9],
        batch: [axis(6, 35, 63, 0)],
        row: axis(5, 7, 0, 0),
        col: axis(9, 0, 1, 0),
        k: { size: 7, a: 1, b: 9 },
      },
    ],
    [
      'batches of rows of one element',
      { a: [4, 1, 7], b: [1, 7, 9] },
      {
        shape: [4, 1, 9],
        batch: [],
        row: axis(4, 7, 0, 0),
        col: axis(9, 0, 1, 0),
        k: { size: 7, a: 1, b: 9 },
      },
    ],
    [
      'batches whose rows are transposed',
      { a: [2, 7, 5], b: [7, 9], transpose_a: true },
      {
        shape: [2, 5, 9],
        batch: [axis(2, 35, 0, 0)],
        row: axis(5, 1, 0, 0),
        col: axis(9, 0, 1, 0),
        k: { size: 7, a: 5, b: 9 },
      },
    ],
    [
      'batches with one bias of their rows',
      { a: [2, 5, 7], b: [7, 9], bias: [5, 1] },
      {
        shape: [2, 5, 9],
        batch: [axis(2, 35, 0, 0)],
        row: axis(5, 7, 0, 1),
        col: axis(9, 0, 1, 0),
        k: { size: 7, a: 1, b: 9 },
      },
    ],
    [
      'batches with a bias of each row',
      { a: [2, 5, 7], b: [7, 9], bias: [2, 5, 9] },
      {
        shape: [2, 5, 9],
        batch: [],
        row: axis(10, 7, 0, 9),
        col: axis(9, 0, 1, 1),
        k: { size: 7, a: 1, b: 9 },
      },
    ],
    [
      'as many batches as there may be',
      { a: [1, 2, 1, 2, 5, 7], b: [2, 1, 2, 1, 7, 9] },
      {
        shape: [2, 2, 2, 2, 5, 9],
        batch: [axis(2, 0, 126, 0), axis(2, 70, 0, 0), axis(2, 0, 63, 0)],
        row: axis(10, 7, 0, 0),
        col: axis(9, 0, 1, 0),
        k: { size: 7, a: 1, b: 9 },
      },
    ],
    [
      'four batches, and rows apart from them',
      { a: [1, 2, 1, 2, 5, 7], b: [2, 1, 2, 1, 7, 9], bias: [5, 9] },
      {
        shape: [2, 2, 2, 2, 5, 9],
        batch: [axis(2, 0, 126, 0), axis(2, 70, 0, 0), axis(2, 0, 63, 0), axis(2, 35, 0, 0)],
        row: axis(5, 7, 0, 9),
        col: axis(9, 0, 1, 1),
        k: { size: 7, a: 1, b: 9 },
      },
    ],
  ])('lays out %s', (_, shapes, plan) => {
    expect(planProduct(shapes)).toEqual(plan);
  });

  test('multiplies every batch of broadcast operands as the product of that batch alone', () => {
    const size = fc.integer({ min: 1, max: 3 });
    const batch = fc.array(fc.tuple(size, fc.constantFrom('both', 'a', 'b')), { maxLength: 3 });
    fc.assert(
      fc.property(
        batch,
        size,
        size,
        size,
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        (dims, m, n, k, ta, tb, withBias) => {
          const [batchA, batchB] = (['a', 'b'] as const).map((of) =>
            dims.map(([s, who]) => (who === 'both' || who === of ? s : 1)),
          );
          const a = [...(batchA ?? []), ...(ta ? [k, m] : [m, k])];
          const b = [...(batchB ?? []), ...(tb ? [n, k] : [k, n])];
          const bias = withBias ? [m, 1] : undefined;
          const plan = planProduct({ a, b, bias, transpose_a: ta, transpose_b: tb });
          const x = count(sizeOf(a));
          const w = count(sizeOf(b));
          const v = bias ? count(m) : [];
          const y = run(plan, x, w, v);
          expect(y).toHaveLength(sizeOf(plan.shape));
          // The last batch ends with the last matrix of each operand.
          const lastA = x.slice(-m * k);
          const lastB = w.slice(-k * n);
          const expected = Array.from({ length: m * n }, (_, i) => {
            const r = Math.floor(i / n);
            const c = i % n;
            const term = (t: number) =>
              (lastA[ta ? t * m + r : r * k + t] ?? 0) * (lastB[tb ? c * k + t : t * n + c] ?? 0);
            return Array.from({ length: k }, (_, t) => term(t)).reduce(
              (sum, p) => sum + p,
              v[r] ?? 0,
            );
          });
          expect(y.slice(-m * n)).toEqual(expected);
        },
      ),
    );
  });
});
