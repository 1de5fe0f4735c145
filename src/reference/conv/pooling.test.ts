import { describe, expect, test } from 'vitest';
import type { Value } from '../record.ts';
import { recordOf } from '../registry.ts';

/** What a pooling makes of ones. */
function pooledOnes(op: string, shape: readonly number[], params: object) {
  const x: Value = { shape, data: new Float64Array(shape.reduce((a, b) => a * b)).fill(1) };
  const { y } = recordOf(op).forward({ x }, params) as { readonly y: Value };
  return [...y.data];
}

describe('a mean over a window', () => {
  test('counts the padding at its own end, below or to the right', () => {
    const below = { kernel: [2, 2], padding: [0, 0, 1, 0] };
    expect(pooledOnes('avg_pool2d', [1, 1, 3, 2], below)).toEqual([1, 0.5]);
    expect(pooledOnes('avg_pool2d', [1, 1, 3, 2], { ...below, count_include_pad: false })).toEqual([
      1, 1,
    ]);
    const right = { kernel: [2, 2], padding: [0, 0, 0, 1] };
    expect(pooledOnes('avg_pool2d', [1, 1, 2, 3], right)).toEqual([1, 0.5]);
  });

  test('never counts what lies past the padding', () => {
    const params = { kernel: [2, 2], ceil_mode: true };
    expect(pooledOnes('avg_pool2d', [1, 1, 3, 2], params)).toEqual([1, 1]);
    expect(pooledOnes('avg_pool2d', [1, 1, 2, 3], params)).toEqual([1, 1]);
  });
});

test('the largest of no element is the most negative float32', () => {
  const params = { kernel: [1, 1], padding: [1, 0, 0, 0] };
  expect(pooledOnes('max_pool2d', [1, 1, 1, 1], params)).toEqual([-3.4028234663852886e38, 1]);
});
