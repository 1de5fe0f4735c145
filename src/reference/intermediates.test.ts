import { describe, expect, test } from 'vitest';
import { signatureOf } from '../vocabulary/registry.ts';
import type { Arithmetic, Value } from './record.ts';
import { IN_HALVES } from './rounding.ts';
import { acceptancesOf, truthOf } from './truth.ts';

const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});
const IN_FLOAT32: Arithmetic = { depth: (terms) => terms, ieee: false, otherFormulas: true };
const IN_F16: Arithmetic = { ...IN_FLOAT32, halves: 'f16' };
const BETWEEN_F16: Arithmetic = { ...IN_FLOAT32, between: 'f16' };

type Numbers = Readonly<Record<string, Value>>;

/** The acceptance of `name`: of an output or, where a gradient flows, of that input. */
function accepted(
  arithmetic: Arithmetic,
  op: string,
  inputs: Numbers,
  name: string,
  { params = {}, grads }: { params?: object; grads?: Numbers } = {},
) {
  const call = { op: signatureOf(op), params, inputs, ...(grads && { grads }) };
  const found = acceptancesOf(call, truthOf(call), arithmetic)[name];
  if (found?.kind !== 'within') throw new TypeError(`${op} has no bound of ${name}`);
  return found;
}

/** Whether each element has a bound in float16, and whether all have one in float32. */
const bounded = (
  ...asked: Parameters<typeof accepted> extends [unknown, ...infer R] ? R : never
) => [
  ...[...accepted(IN_F16, ...asked).bound].map(Number.isFinite),
  accepted(IN_FLOAT32, ...asked).bound.every(Number.isFinite),
];
const tiny = { grads: { y: of(2 ** -12, 2 ** -12) } };

describe('what a half format does not hold between', () => {
  test('has no bound: a reciprocal, a square of it, a power, a sum of squares', () => {
    const all = [
      // 1 / b is 2^17 and 2^15.
      bounded('div', { a: of(2 ** -12, 2 ** -12), b: of(2 ** -17, 2 ** -15) }, 'y'),
      bounded('div', { a: of(1, 1), b: of(2 ** -17, 2 ** -15) }, 'a', tiny),
      // 1 / b^2 is 2^18 and 2^14.
      bounded('div', { a: of(1, 1), b: of(2 ** -9, 2 ** -7) }, 'b', tiny),
      // a / b^2 is 2^17, where 1 / b^2 is 2^14.
      bounded('div', { a: of(8, 1), b: of(2 ** -7, 2 ** -7) }, 'b', tiny),
      // The gradient times a is 2^17, b^2 the same.
      bounded('div', { a: of(2 ** 8, 2 ** 8), b: of(2 ** 8, 2 ** 8) }, 'b', {
        grads: { y: of(2 ** 9, 2 ** 7) },
      }),
      // a^(b - 1) is 2^17; b a^(b - 1) is so, too.
      bounded('pow', { a: of(2 ** -34, 1), b: of(0.5, 2) }, 'a', tiny),
      bounded('pow', { a: of(2 ** 4, 2 ** 3), b: of(5, 5) }, 'a', tiny),
      bounded('pow', { a: of(2 ** 17, 2 ** 10), b: of(1, 1) }, 'b', tiny),
      // a^b is 2^15, and its logarithm 10.
      bounded('pow', { a: of(2 ** 15, 2 ** 12), b: of(1, 1) }, 'b', tiny),
      bounded('rsqrt', { x: of(2 ** -12, 2 ** -10) }, 'x', tiny),
    ];
    expect(all).toEqual(all.map(() => [false, true, true]));
  });

  test('has no bound where terms of both signs are added up beyond it', () => {
    const x = of(40_000, -40_000, 3);
    const params = { axes: [0], keepdims: true };
    expect(bounded('reduce_sum', { x }, 'y', { params })).toEqual([false, true]);
    expect(bounded('reduce_mean', { x }, 'y', { params })).toEqual([false, true]);
    expect(bounded('reduce_sum', { x: of(40_000, -20_000) }, 'y', { params })).toEqual([
      true,
      true,
    ]);
    const b = of(1);
    const grads = { y: x };
    expect(bounded('mul', { a: of(1, 1, 1), b }, 'b', { grads })).toEqual([false, true]);
    const each = of(1, 1, 1);
    expect(bounded('mul', { a: of(1, 1, 1), b: each }, 'b', { grads })).toEqual([
      ...[true, true, true],
      true,
    ]);
  });

  test('has no bound where squares are added up beyond it, or divided by a small root', () => {
    const params = { axes: [0], keepdims: true };
    const large = { x: of(200, -200) };
    const small = { x: of(2 ** -9, -(2 ** -9)) };
    const steep = { params, grads: { y: of(2 ** 9) } };
    for (const op of ['norm', 'std']) {
      expect(bounded(op, large, 'y', { params })).toEqual([false, true]);
      expect(bounded(op, small, 'x', steep)).toEqual([false, false, true]);
      expect(bounded(op, large, 'x', steep)).toEqual([true, true, true]);
    }
    expect(bounded('var', large, 'y', { params })).toEqual([false, true]);
    expect(bounded('var', large, 'x', steep)).toEqual([true, true, true]);
    const equal = { x: of(0, 0) };
    expect(bounded('std', equal, 'x', steep)[0]).toBe(true);
    expect(bounded('norm', equal, 'x', steep)).toEqual([true, true, true]);
  });

  test('has no bound where losses are added up beyond it for their mean', () => {
    const pair = { input: of(200, 200), target: of(0, 0) };
    const of1 = (reduction: string) => bounded('mse_loss', pair, 'loss', { params: { reduction } });
    expect(of1('mean')).toEqual([false, true]);
    expect(of1('none')).toEqual([true, true, true]);
    const grads = { loss: of(1) };
    expect(bounded('mse_loss', pair, 'input', { grads })).toEqual([true, true, true]);
  });

  test('may be a little less than the largest number, which its own roundings reach', () => {
    const { largest, eps } = IN_HALVES.f16;
    const most = largest * (1 - 4 * eps);
    const params = { axes: [0], keepdims: true };
    const at = (x: number) => bounded('reduce_sum', { x: of(x) }, 'y', { params })[0];
    expect([most, most + 1].map(at)).toEqual([true, false]);
  });

  test('is stored between the operations of a gradient, but not of a result in float32', () => {
    const inputs = { a: of(2 ** -12), b: of(2 ** -17) };
    expect(accepted(BETWEEN_F16, 'div', inputs, 'y').bound.every(Number.isFinite)).toBe(true);
    const grads = { y: of(2 ** -12) };
    expect(accepted(BETWEEN_F16, 'div', inputs, 'a', { grads }).bound[0]).toBe(Infinity);
  });
});

describe('what a half format loses below its range', () => {
  const { flush } = IN_HALVES.f16;
  const lost = (...asked: Parameters<typeof bounded>) => [
    ...(accepted(IN_F16, ...asked).underflow ?? []),
  ];

  test('is told by how far it moves the result', () => {
    expect(lost('div', { a: of(3), b: of(2 ** 13) }, 'y')).toEqual([3 * flush]);
    expect(lost('div', { a: of(3), b: of(2 ** 13) }, 'a', { grads: { y: of(-5) } })).toEqual([
      5 * flush,
    ]);
    const [moved] = lost('div', { a: of(3), b: of(0.5) }, 'b', { grads: { y: of(-5) } });
    // Of 1 / b, 1 / b^2, a / b, a / b^2 and the gradient times a.
    expect(moved).toBe((2 * 15 * 2 + 15 + 5 * 2 + 5 + 4) * flush);
    expect(lost('pow', { a: of(2), b: of(-3) }, 'a', { grads: { y: of(-5) } })).toEqual([
      (15 + 5) * flush,
    ]);
    expect(lost('pow', { a: of(2), b: of(-3) }, 'b', { grads: { y: of(-5) } })).toEqual([
      (5 * Math.LN2 + 5) * flush,
    ]);
    expect(lost('pow', { a: of(0), b: of(0) }, 'a', { grads: { y: of(1) } })).toEqual([flush]);
    expect(lost('pow', { a: of(0), b: of(2) }, 'b', { grads: { y: of(1) } })).toEqual([0]);
  });

  test('is added up with the terms, and nothing in float32', () => {
    const inputs = { a: of(3, 4), b: of(1) };
    const grads = { y: of(1, 10) };
    const once = (a: number, dy: number) =>
      lost('div', { a: of(a), b: of(1) }, 'b', { grads: { y: of(dy) } })[0] as number;
    expect(lost('div', inputs, 'b', { grads })[0]).toBeCloseTo(once(3, 1) + once(4, 10), 20);
    expect(accepted(IN_FLOAT32, 'div', inputs, 'b', { grads }).underflow).toBeUndefined();
  });
});
