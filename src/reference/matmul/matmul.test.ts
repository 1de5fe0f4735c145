import { describe, expect, test } from 'vitest';
import { sizeOf } from '../../tensor/shape.ts';
import type { Value } from '../record.ts';
import { record } from './matmul.ts';
import { product } from './product.ts';

const of = (shape: readonly number[], ...data: readonly number[]): Value => ({
  shape,
  data: Float64Array.from(data),
});
const ones = (...shape: readonly number[]): Value => of(shape, ...Array(sizeOf(shape)).fill(1));
const { vjp } = record as Required<typeof record>;

/** Two matrices of 2 x 3. */
const pair = of([2, 2, 3], 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
/** Two matrices of 3 x 2: the same, transposed. */
const turned = of([2, 3, 2], 1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12);

describe('a product with vectors', () => {
  const row = of([2], 1, 10);
  const column = of([3], 1, 10, 100);

  test('of two is one number', () => {
    expect(record.forward({ a: row, b: of([2], 3, 5) }, {}).y).toEqual(of([1], 53));
    const grads = { y: of([1], 2) };
    expect(vjp({ a: row, b: of([2], 3, 5) }, {}, grads)).toEqual({
      a: of([2], 6, 10),
      b: of([2], 2, 20),
    });
  });

  test('from the left has no rows', () => {
    expect(record.forward({ a: row, b: pair }, {}).y).toEqual(
      of([2, 3], 41, 52, 63, 107, 118, 129),
    );
    const { a, b } = vjp({ a: row, b: pair }, {}, { y: of([2, 3], 1, 0, 0, 0, 1, 2) });
    // Columns 0 of the first matrix, 1 and twice 2 of the second.
    expect(a).toEqual(of([2], 1 + 8 + 18, 4 + 11 + 24));
    expect(b).toEqual(of([2, 2, 3], 1, 0, 0, 10, 0, 0, 0, 1, 2, 0, 10, 20));
  });

  test('from the right has no columns', () => {
    expect(record.forward({ a: pair, b: column }, {}).y).toEqual(of([2, 2], 321, 654, 987, 1320));
    const { a, b } = vjp({ a: pair, b: column }, {}, { y: of([2, 2], 1, 0, 0, 2) });
    expect(a).toEqual(of([2, 2, 3], 1, 10, 100, 0, 0, 0, 0, 0, 0, 2, 20, 200));
    expect(b).toEqual(of([3], 1 + 20, 2 + 22, 3 + 24));
  });

  test('takes no transpose of them', () => {
    expect(record.forward({ a: row, b: pair }, { transpose_a: true }).y).toEqual(
      of([2, 3], 41, 52, 63, 107, 118, 129),
    );
    expect(record.forward({ a: pair, b: column }, { transpose_b: true }).y).toEqual(
      of([2, 2], 321, 654, 987, 1320),
    );
  });

  test('with a bias grants each sum what its own terms cost', () => {
    const given = { a: row, b: pair, bias: of([3], 100, 200, 300) };
    const outputs = record.forward(given, {});
    expect(outputs.y).toEqual(of([2, 3], 141, 252, 363, 207, 318, 429));
    const arithmetic = { depth: () => 2, ieee: false };
    const { y } = record.acceptance(given, outputs, {}, arithmetic);
    // Three roundings of sums of positive terms.
    const units = y?.kind === 'within' ? [...y.bound].map((bound) => bound * 2 ** 23) : [];
    const expected = [141, 252, 363, 207, 318, 429].map((sum) => expect.closeTo(3 * sum, 2));
    expect(units).toEqual(expected);
  });
});

describe('a product of transposed matrices', () => {
  const params = { transpose_a: true } as const;

  test('is that of the matrices, and so are gradients', () => {
    const b = of([2, 3, 1], 1, 10, 100, 1, 10, 100);
    expect(record.forward({ a: turned, b }, params).y).toEqual(of([2, 2, 1], 321, 654, 987, 1320));
    const { a } = vjp({ a: turned, b }, params, { y: of([2, 2, 1], 1, 0, 0, 2) });
    expect(a).toEqual(of([2, 3, 2], 1, 0, 10, 0, 100, 0, 0, 2, 0, 20, 0, 200));
  });

  test('needs as many terms on both sides', () => {
    expect(() => product(ones(2, 3), ones(2, 3), false, false)).toThrow(
      '3 columns do not meet 2 rows',
    );
  });
});

describe('batch dimensions that broadcast', () => {
  const refusal = 'more than four batch dimensions that broadcast differently';
  const unsupported = (a: readonly number[], b: readonly number[], bias?: readonly number[]) =>
    record.unsupported?.(
      { a: ones(...a), b: ones(...b), ...(bias ? { bias: ones(...bias) } : {}) },
      {},
    );

  test.each([
    // Groups by which operands repeat, from the first dimension on.
    [[3, 1, 2, 1, 2, 1, 1], [1, 3, 1, 2, 1, 1, 1], undefined],
    [[3, 1, 2, 1, 2, 1, 1], [3, 1, 2, 1, 1, 1], undefined],
    // Where b has no dimension, it repeats.
    [[2, 2, 1, 3, 1, 1, 1], [2, 2, 1, 2, 1, 1], undefined],
    [
      [2, 3, 1, 1],
      [2, 3, 1, 1],
      [3, 1, 2, 1, 2, 1, 1],
    ],
  ])('in five ways are too many: %j and %j', (a, b, bias) => {
    expect(unsupported(a, b, bias)).toBe(refusal);
  });

  test.each([
    [
      [3, 1, 2, 1, 4, 5],
      [1, 3, 1, 2, 5, 6],
    ],
    [
      [1, 2, 1, 3, 1],
      [2, 1, 3, 1, 1, 1],
    ],
    // Neighbours that broadcast alike are one.
    [
      [2, 3, 2, 3, 2, 3, 1, 1],
      [1, 1, 1, 1, 1, 1, 1, 1],
    ],
    [[1], [1]],
  ])('in four are not: %j and %j', (a, b) => {
    expect(unsupported(a, b)).toBeUndefined();
  });
});

test('a product that is stored in halves before its bias is added is a step off', () => {
  const boundOf = (more: object, bias?: Value) => {
    const inputs = { a: of([1, 2], 1, 2), b: of([2, 1], 3, 1), ...(bias ? { bias } : {}) };
    const arithmetic = { depth: (terms: number) => terms, ieee: false, ...more };
    const { y } = record.acceptance(inputs, record.forward(inputs, {}), {}, arithmetic);
    return y?.kind === 'within' ? (y.bound[0] as number) : Number.NaN;
  };
  // Of 5; with the bias it is 1.
  const bias = of([1], -4);
  const steps = (['f16', 'bf16'] as const).map(
    (between) => boundOf({ between }, bias) - boundOf({}, bias),
  );
  expect(steps).toEqual([2 ** -8, 2 ** -5].map((step) => expect.closeTo(step, 15)));
  expect(boundOf({ between: 'bf16' })).toBe(boundOf({}));
});
