import { expect, test } from 'vitest';
import { EPS, FLUSH } from '../bounds.ts';
import type { Value } from '../record.ts';
import { record } from './ternary_matmul.ts';

const { vjp } = record as Required<typeof record>;

const of = (shape: readonly number[], ...data: readonly number[]): Value => ({
  shape,
  data: Float64Array.from(data),
});
// Two rows of three trits: 1, -1, 0 and -1, 1, 1.
const packed = of([2], 2 + 0 + 16 * 1 + 64 * 0, 2 + 4 * 2 + 16 * 1 + 64 * 1);
const x = of([1, 3], 5, 7, 11);
const params = { out_features: 2, order: 'low' } as const;

test('a row of trits adds and subtracts, times one scale, its own or none', () => {
  const y = (scale?: Value) => [
    ...record.forward({ x, packed, ...(scale && { scale }) }, params).y.data,
  ];
  expect(y()).toEqual([-2, 13]);
  expect(y(of([1], 3))).toEqual([-6, 39]);
  expect(y(of([2], 3, 0.5))).toEqual([-6, 6.5]);
  const dy = { y: of([1, 2], 4, 10) };
  const dx = (scale?: Value) => {
    const gradients = vjp({ x, packed, ...(scale && { scale }) }, params, dy);
    return [...(gradients.x as Value).data];
  };
  expect(dx()).toEqual([-6, 6, 10]);
  // 12 of the first row, 5 of the second.
  expect(dx(of([2], 3, 0.5))).toEqual([7, -7, 5]);
});

test('bounds count a rounding a term, with a scale or without, of the sum of sizes', () => {
  const arithmetic = { depth: (terms: number) => terms, ieee: false };
  const bounds = (scale?: Value) => {
    const inputs = { x, packed, ...(scale && { scale }) };
    const { y } = record.acceptance(inputs, record.forward(inputs, params), params, arithmetic);
    return y?.kind === 'within' ? [...y.bound] : [];
  };
  const gamma = (c: number) => (c * EPS) / (1 - c * EPS);
  const near = (...numbers: readonly number[]) => numbers.map((n) => expect.closeTo(n, 16));
  expect(bounds()).toEqual(near(12 * gamma(3), 23 * gamma(3)));
  expect(bounds(of([2], 3, 0.5))).toEqual(near(36 * gamma(3), 11.5 * gamma(3)));
  // Of zeros what may be flushed: four terms, 2 each, and the sizes of x and of the scale.
  const zero = { x: of([1, 3], 0, 0, 0), packed, scale: of([1], 3) };
  const { y } = record.acceptance(zero, record.forward(zero, params), params, arithmetic);
  expect(y).toMatchObject({ bound: Float64Array.of(20 * FLUSH, 20 * FLUSH) });
  // Without a scale its size is 1.
  const plain = { x: zero.x, packed };
  const unscaled = record.acceptance(plain, record.forward(plain, params), params, arithmetic);
  expect(unscaled.y).toMatchObject({ bound: Float64Array.of(12 * FLUSH, 12 * FLUSH) });
});
