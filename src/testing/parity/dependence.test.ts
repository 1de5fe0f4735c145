import { describe, expect, test } from 'vitest';
import { callOf } from '../../graph/call.ts';
import type { Value } from '../../reference/record.ts';
import { scaledDotProductAttention } from '../../vocabulary/attention/scaled_dot_product_attention.ts';
import { add } from '../../vocabulary/math/add.ts';
import { clamp } from '../../vocabulary/math/clamp.ts';
import { clip } from '../../vocabulary/math/clip.ts';
import { mul } from '../../vocabulary/math/mul.ts';
import { reduceMax } from '../../vocabulary/math/reduce_max.ts';
import { relu } from '../../vocabulary/math/relu.ts';
import { dependentMasks, type Party, withoutNonFinite } from './dependence.ts';

const { NaN: NAN, POSITIVE_INFINITY: INFINITE } = Number;
const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});

test('a NaN or an infinity is replaced by 0, in gradients too, and nothing else', () => {
  const call = callOf(
    mul,
    { a: of(1, NAN, 3), b: of(4, 5, 6) },
    {},
    { grads: { y: of(INFINITE, -INFINITE, 9) } },
  );
  const finite = withoutNonFinite(call, 'ours');
  expect([finite.inputs['a'], finite.grads?.['y']]).toEqual([of(1, 0, 3), of(0, 0, 9)]);
  expect(finite.inputs['b']).toBe(call.inputs['b']);
  expect([finite.op, finite.params]).toEqual([mul, {}]);
  expect(withoutNonFinite(callOf(relu, { x: of(1) }, {}), 'ours')).not.toHaveProperty('grads');
});

describe('elements that depend on what is not finite', () => {
  const masks = (call: Parameters<typeof dependentMasks>[0], party: Party = 'ours') =>
    Object.fromEntries(
      Object.entries(dependentMasks(call, party)).map(([name, mask]) => [name, [...mask]]),
    );

  test('are none where all is finite', () => {
    expect(masks(callOf(add, { a: of(1, 2), b: of(3, 4) }, {}))).toEqual({});
  });

  test('are none of a mask that hides an element', () => {
    const heads = { shape: [1, 1, 1, 2], data: Float64Array.of(1, 2) };
    const call = (mask: number) =>
      callOf(scaledDotProductAttention, { q: heads, k: heads, v: heads, mask: of(mask) }, {});
    expect(masks(call(-INFINITE))).toEqual({});
    expect(masks(call(INFINITE))['y']).toEqual([1, 1]);
    expect(withoutNonFinite(call(-INFINITE), 'ours').inputs['mask']).toEqual(of(-INFINITE));
  });

  test('are none of numbers that are only compared, but on the way back of ours', () => {
    const call = (x: number, grads = {}) =>
      callOf(reduceMax, { x: of(1, x, 2) }, { axes: [0] }, grads);
    for (const infinite of [-INFINITE, INFINITE]) {
      const back = call(infinite, { grads: { y: of(1) } });
      expect(masks(call(infinite))).toEqual({});
      expect(masks(back, 'recorded')).toEqual({});
      expect(masks(back)['x']).toEqual([0, 1, 1]);
      expect(withoutNonFinite(call(infinite), 'ours').inputs['x']).toEqual(of(1, infinite, 2));
    }
    expect(masks(call(NAN), 'recorded')['y']).toEqual([1]);
  });

  test('are those that a NaN in its place spreads to', () => {
    expect(masks(callOf(add, { a: of(1, NAN, 2), b: of(3, 4, 5) }, {}))).toEqual({ y: [0, 1, 0] });
    expect(masks(callOf(add, { a: of(1, 2), b: of(3, INFINITE) }, {}))).toEqual({ y: [0, 1] });
  });

  test('are those that two of them tell apart, which are equal or differ', () => {
    const ends = { x: of(INFINITE, 1, 2), max: of(-INFINITE, NAN, 2) };
    const call = callOf(clamp, ends, {}, { grads: { y: of(1, 1, 1) } });
    expect(masks(call)).toEqual({ x: [1, 1, 0], max: [1, 1, 0] });
  });

  test('are those that finite values in its place tell apart', () => {
    // Cut off, no NaN comes through; a small and a large number do.
    const between = (min: number, max: number) =>
      masks(callOf(clip, { x: of(NAN, 1) }, { min, max }))['y'];
    expect(between(-1e9, 1e9)).toEqual([1, 0]);
    expect(between(-0.5, 0.5)).toEqual([1, 0]);
    expect(between(5, 6)).toEqual([1, 0]);
    expect(between(-9e8, -2e8)).toEqual([1, 0]);
  });

  test.each([
    [-0.1, 0.1],
    [0.9, 1.1],
    [-1.1, -0.9],
    [0.3699, 0.3701],
    [9e3, 1.1e4],
    [-3.1e8, -2.9e8],
  ])('are those of a gradient that flows from %d to %d alone', (min, max) => {
    const call = callOf(clip, { x: of(NAN, 0.5) }, { min, max }, { grads: { y: of(1, 1) } });
    expect(masks(call)).toEqual({ x: [1, 0] });
  });

  test('are found in gradients, of what flows in or what was given', () => {
    const backward = (x: Value, dy: Value) =>
      masks(callOf(mul, { a: x, b: of(5, 6) }, {}, { grads: { y: dy } }));
    expect(backward(of(1, NAN), of(1, 1))).toEqual({ a: [0, 0], b: [0, 1] });
    expect(backward(of(1, 2), of(INFINITE, 1))).toEqual({ a: [1, 0], b: [1, 0] });
  });
});
