import { describe, expect, test } from 'vitest';
import type { Value } from '../../reference/record.ts';
import { IN_FLOAT32 } from '../../reference/rounding.ts';
import { hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { logsumexp } from '../../vocabulary/math/logsumexp.ts';
import { crossEntropy } from '../../vocabulary/nn/cross_entropy.ts';
import { silu } from '../../vocabulary/nn/silu.ts';
import { softmax } from '../../vocabulary/nn/softmax.ts';
import { withMasked, withMaskedHosts } from './masked.ts';

const MASKED = Number.NEGATIVE_INFINITY;
const LOWEST = -IN_FLOAT32.largest;
const of = (shape: readonly number[], ...data: readonly number[]): Value => ({
  shape,
  data: Float64Array.from(data),
});

describe('a masked logit', () => {
  const read = (params: object, x: Value) => [
    ...(withMasked({ op: softmax, params }, { x })['x']?.data ?? []),
  ];

  test('is the lowest number where its row has others', () => {
    const x = of([2, 3], 1, MASKED, 2, MASKED, MASKED, MASKED);
    expect(read({ axis: -1 }, x)).toEqual([1, LOWEST, 2, MASKED, MASKED, MASKED]);
    expect(read({ axis: 0 }, x)).toEqual([1, MASKED, 2, LOWEST, MASKED, LOWEST]);
  });

  test('is so over several dimensions', () => {
    const x = of([2, 2, 2], 1, MASKED, MASKED, MASKED, 2, MASKED, 3, MASKED);
    const over = (...axes: readonly number[]) => [
      ...(withMasked({ op: logsumexp, params: { axes } }, { x })['x']?.data ?? []),
    ];
    expect(over(0, -1)).toEqual([1, LOWEST, LOWEST, LOWEST, 2, LOWEST, 3, LOWEST]);
    expect(over(0, 1)).toEqual([1, MASKED, LOWEST, MASKED, 2, MASKED, 3, MASKED]);
    expect(over()).toEqual([...x.data]);
  });

  test('is one among the classes', () => {
    const logits = of([1, 2, 2], MASKED, MASKED, 3, MASKED);
    const asked = { op: crossEntropy, params: { shift: false } };
    expect([...(withMasked(asked, { logits })['logits']?.data ?? [])]).toEqual([
      LOWEST,
      MASKED,
      3,
      MASKED,
    ]);
  });

  test('is for our kernels the lowest number that their element type has', () => {
    const asked = { op: softmax, params: { axis: 0 } };
    for (const [dtype, lowest] of [
      ['f32', LOWEST],
      ['f16', -65504],
      ['bf16', -(2 - 2 ** -7) * 2 ** 127],
    ] as const) {
      const { x } = withMaskedHosts(asked, { x: hostTensorFrom(dtype, [2], [MASKED, 1]) });
      expect([x?.dtype, x && [...valuesOf(x)]]).toEqual([dtype, [lowest, 1]]);
    }
  });
});

test('what is no logit, or not masked, stays as it is', () => {
  const x = of([2], MASKED, 1);
  expect(withMasked({ op: silu, params: {} }, { x })['x']).toBe(x);
  const infinite = of([2], Number.POSITIVE_INFINITY, 1);
  expect(withMasked({ op: softmax, params: { axis: 0 } }, { x: infinite })['x']).toBe(infinite);
  const host = hostTensorFrom('f32', [2], [0, 1]);
  expect(withMaskedHosts({ op: softmax, params: { axis: 0 } }, { x: host })['x']).toBe(host);
});
