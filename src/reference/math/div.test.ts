import { describe, expect, test } from 'vitest';
import { EPS, FLUSH } from '../bounds.ts';
import { recordOf } from '../registry.ts';

test('a divisor that may be flushed makes anything of a quotient', () => {
  const value = (x: number) => ({ shape: [1], data: Float64Array.of(x) });
  const boundOf = (a: number, b: number) => {
    const record = recordOf('div');
    const inputs = { a: value(a), b: value(b) };
    const { y } = record.acceptance(
      inputs,
      record.forward(inputs, {}),
      {},
      {
        depth: (terms) => terms,
        ieee: false,
      },
    );
    return y?.kind === 'within' ? y.bound[0] : undefined;
  };
  expect(boundOf(1, FLUSH / 2)).toBe(Number.POSITIVE_INFINITY);
  expect(boundOf(3, 4)).toBeCloseTo(2.5 * EPS * 0.75, 20);
  // The smallest that is not: the quotient of a dividend that was flushed is 1.
  expect((boundOf(1, FLUSH) as number) / ((2.5 * EPS) / FLUSH)).toBeCloseTo(1, 6);
});

describe('a quotient that is rounded to an integer', () => {
  const half = (x: number) => ({ shape: [1], dtype: 'bf16', data: Float64Array.of(x) }) as const;
  const accepts = (
    rounding_mode: 'trunc' | 'floor',
    a: number,
    b: number,
    halves?: 'bf16',
    first = 131,
  ) => {
    const record = recordOf('div');
    const inputs = { a: half(a), b: half(b) };
    const arithmetic = { depth: (terms: number) => terms, ieee: false, ...(halves && { halves }) };
    const outputs = record.forward(inputs, { rounding_mode });
    const { y } = record.acceptance(inputs, outputs, { rounding_mode }, arithmetic);
    const code = y?.kind === 'codes' ? y.accepts : () => false;
    return Array.from({ length: 9 }, (_, i) => first + i).filter((n) => code(0, n));
  };

  test('is that of arithmetic that rounds to nearest, where it does', () => {
    const single = (x: number) => ({ shape: [1], dtype: 'f32', data: Float64Array.of(x) }) as const;
    const many = { shape: [2], dtype: 'f32', data: Float64Array.of(41, 6) } as const;
    const record = recordOf('div');
    const right = (b: number, more: object, rounding_mode = 'trunc') => {
      const inputs = { a: many, b: single(b) };
      const arithmetic = { depth: (terms: number) => terms, ieee: false, ...more };
      const outputs = record.forward(inputs, { rounding_mode });
      const { y } = record.acceptance(inputs, outputs, { rounding_mode }, arithmetic);
      if (y?.kind !== 'codes') return [];
      const near = (i: number, n: number) => [n - 1, n, n + 1].filter((m) => y.accepts(i, m));
      return [...near(0, Math.trunc(41 / b)), ...near(1, Math.trunc(6 / b)), y.inBand];
    };
    expect(right(2, {})).toEqual([20, 2, 3, 1]);
    expect(right(2, { ieee: true })).toEqual([20, 3, 0]);
    expect(right(2, { division: 'nearest' })).toEqual([20, 3, 0]);
    expect(right(41, { division: 'nearest' })).toEqual([1, 0, 0]);
    expect(right(41, { ieee: true, division: 'nearest-or-reciprocal' })).toEqual([0, 1, 0, 1]);
    // 0.1 in float32 is more than a tenth: 6 holds it 59 times, and the quotient rounds to 60.
    const b = Math.fround(0.1);
    expect(right(b, { division: 'nearest' }, 'floor')).toEqual([409, 410, 59, 60, 2]);
  });

  test('is that of a float32', () => {
    expect(accepts('trunc', 135.75, 1)).toEqual([135]);
    expect(accepts('floor', 135.75, 1)).toEqual([135]);
  });

  test('is first rounded to a half where it is computed in halves, floored three times', () => {
    // Their neighbours are 1 apart.
    expect(accepts('trunc', 135.75, 1, 'bf16')).toEqual([135, 136]);
    expect(accepts('trunc', 135.25, 1, 'bf16')).toEqual([134, 135]);
    expect(accepts('floor', 135.75, 1, 'bf16')).toEqual([134, 135, 136, 137]);
  });

  test('is what torch 2.15 makes of its floor, which it stores before it rounds', () => {
    // -6.28125 / -0.0515137 = 121.93; (a - a mod b) / b is 121, stored -6.21875 / b, and that 120.5.
    const near = (halves?: 'bf16') => accepts('floor', -6.28125, -0.051513671875, halves, 118);
    expect([near(), near('bf16')]).toEqual([[121], [120, 121, 122]]);
  });
});

test('a reciprocal that may be flushed is multiplied by the gradient and the dividend', () => {
  const one = (x: number) => ({ shape: [1], data: Float64Array.of(x) });
  const inputs = { a: one(1e20), b: one(1e20) };
  const record = recordOf('div') as Required<ReturnType<typeof recordOf>>;
  const grads = { y: one(-4) };
  const arithmetic = { depth: (terms: number) => terms, ieee: false };
  const { b } = record.vjpAcceptance(inputs, record.vjp(inputs, {}, grads), {}, grads, arithmetic);
  expect(b?.kind === 'within' && (b.bound[0] as number) / (4e20 * FLUSH)).toBeCloseTo(1, 2);
});

describe('what stands between in the formulas of a quotient', () => {
  const one = (x: number) => ({ shape: [1], data: Float64Array.of(x) });
  /** The largest of it, and how far an error of 1 in all of it moves the result. */
  const between = (a: number, b: number, dy?: number) => {
    const grads = dy === undefined ? undefined : { y: one(dy) };
    const found = recordOf('div').intermediates?.({ a: one(a), b: one(b) }, {}, grads) ?? {};
    return Object.fromEntries(
      Object.entries(found).map(([name, { largest, carried }]) => [
        name,
        [largest[0], carried?.[0]],
      ]),
    );
  };

  test('is a reciprocal, times the dividend or the gradient', () => {
    expect(between(3, 2)).toEqual({ y: [1 / 2, 3] });
    expect(between(-3, -4)).toEqual({ y: [1 / 4, 3] });
    expect(between(3, 4, -5).a).toEqual([1 / 4, 5]);
  });

  test('is for the divisor each of its five factors, and all that they carry', () => {
    const small = 2 ** -10;
    const largest = (a: number, b: number, dy: number) => between(a, b, dy).b?.[0];
    expect(largest(small, 2, small)).toBe(1 / 2); // 1 / b
    expect(largest(small, 1 / 2, small)).toBe(4); // 1 / b^2
    expect(largest(8, 2, small)).toBe(4); // a / b
    expect(largest(8, 1 / 2, small)).toBe(32); // a / b^2
    expect(largest(8, 2, 16)).toBe(128); // dy a
    // 2 dy a / b, dy a, dy / b, dy, 1 / b^2.
    expect(between(3, 2, 5).b?.[1]).toBe(15 + 15 + 2.5 + 5 + 0.25);
    expect(between(-3, 4, 5).b?.[1]).toBe(7.5 + 15 + 1.25 + 5 + 0.0625);
  });

  test('is nothing where the quotient is rounded to an integer', () => {
    const inputs = { a: one(3), b: one(2) };
    expect(recordOf('div').intermediates?.(inputs, { rounding_mode: 'floor' })).toEqual({});
  });
});
