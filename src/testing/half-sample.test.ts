import { describe, expect, test } from 'vitest';
import type { OpRecord, Sample } from '../reference/record.ts';
import type { DType } from '../tensor/dtype.ts';
import { hostTensorFrom, valuesOf } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { halfSampleOf } from './half-sample.ts';

type Drawn = Sample<{ readonly n: number }>;

/** A sample of so many elements, all `x`; its parameter tells which one it is. */
function sampleOf(
  n: number,
  {
    elements = 4,
    x = 1,
    dtype = 'f32' as DType,
    ...more
  }: Partial<Drawn> & {
    readonly elements?: number;
    readonly x?: number;
    readonly dtype?: DType;
  } = {},
): Drawn {
  return {
    level: 'legal',
    label: {},
    params: { n },
    inputs: () => ({
      x: hostTensorFrom(dtype, [elements], new Array(elements).fill(x)),
      at: hostTensorFrom('i32', [0], []),
    }),
    ...more,
  };
}

const grads = () => ({ y: hostTensorFrom('f32', [1], [2]) });
const recordOf = (samples: readonly Drawn[], vjp = true) =>
  ({ name: 'own', samples, ...(vjp ? { vjp: () => ({}) } : {}) }) as unknown as OpRecord;
const chosen = (samples: readonly Drawn[], vjp = true) =>
  halfSampleOf(recordOf(samples, vjp), 'f16', new Random(0));
const chosenOf = (...samples: readonly Drawn[]) => (chosen(samples).params as { n: number }).n;

describe('the sample whose tensors are stored in halves', () => {
  test('has gradients rather than floats, floats rather than integers, and is the largest of these', () => {
    const exact = { level: 'exact' } as const;
    expect(chosenOf(sampleOf(1), sampleOf(2, { elements: 9 }), sampleOf(3))).toBe(2);
    expect(chosenOf(sampleOf(1, { ...exact, elements: 4096 }), sampleOf(2))).toBe(2);
    expect(chosenOf(sampleOf(1, { elements: 4096 }), sampleOf(2, { ...exact, grads }))).toBe(2);
    expect(chosenOf(sampleOf(1, { grads }), sampleOf(2, { ...exact, grads, elements: 99 }))).toBe(
      1,
    );
  });

  test('is quick, not empty, and has 4,096 elements at most', () => {
    expect(chosenOf(sampleOf(1), sampleOf(2, { tier: 'full', elements: 9 }))).toBe(1);
    expect(chosenOf(sampleOf(1), sampleOf(2, { elements: 4097 }))).toBe(1);
    expect(chosenOf(sampleOf(1), sampleOf(2, { elements: 4096 }))).toBe(2);
    expect(chosenOf(sampleOf(1, { elements: 1 }), sampleOf(2, { elements: 0, grads }))).toBe(1);
  });

  test('has values that the format holds, and any that it stores', () => {
    expect(chosenOf(sampleOf(1), sampleOf(2, { x: 1e5, elements: 9 }))).toBe(1);
    expect(chosenOf(sampleOf(1), sampleOf(2, { dtype: 'i32', elements: 9 }))).toBe(1);
    expect(() => chosen([sampleOf(2, { x: 1e5 })])).toThrow(
      'own has no quick sample of at most 4096 elements that f16 can hold',
    );
  });

  test('has its floats in halves, gradients too where the record has a backward pass', () => {
    const { inputs, grads: stored, level } = chosen([sampleOf(1, { grads, x: 1 + 2 ** -12 })]);
    expect([inputs['x']?.dtype, inputs['at']?.dtype, stored?.['y']?.dtype, level]).toEqual([
      'f16',
      'i32',
      'f16',
      'legal',
    ]);
    expect(inputs['x'] && [...valuesOf(inputs['x'])]).toEqual([1, 1, 1, 1]);
    expect(chosen([sampleOf(1, { grads })], false)).not.toHaveProperty('grads');
    expect(chosen([sampleOf(1)])).not.toHaveProperty('grads');
  });
});
