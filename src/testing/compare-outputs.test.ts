import { describe, expect, test } from 'vitest';
import { hostTensorFrom } from '../tensor/host.ts';
import { compareOutputs } from './compare-outputs.ts';

const of = (data: readonly number[], shape: readonly number[] = [data.length]) =>
  hostTensorFrom('f32', shape, data);

describe('two outputs', () => {
  test('of different shapes are not compared', () => {
    expect(compareOutputs(of([1, 2], [1, 2]), of([1, 2], [2, 1]))).toEqual({
      shapesMatch: false,
      maxAbs: 0,
      maxRel: 0,
      mean: 0,
      cosine: 1,
      firstMismatch: undefined,
      ulpHistogram: [],
    });
  });

  test('that are equal differ by nothing', () => {
    const same = compareOutputs(of([3, -4, 0, 0.5]), of([3, -4, -0, 0.5]));
    expect(same).toEqual({
      shapesMatch: true,
      maxAbs: 0,
      maxRel: 0,
      mean: 0,
      cosine: 1,
      firstMismatch: undefined,
      ulpHistogram: [4],
    });
  });

  test('differ by their largest and mean difference, and by their direction', () => {
    const found = compareOutputs(of([4, 3, 0.25, 0], [2, 2]), of([3, -4, 0.25, 1], [2, 2]));
    expect(found).toMatchObject({ shapesMatch: true, maxAbs: 7, mean: 9 / 4 });
    // 7 of 4, which is the larger of the two, 1 of 4 and 1 of 1.
    expect(found.maxRel).toBe(7 / 4);
    expect(found.firstMismatch).toEqual([0, 0]);
    const length = Math.sqrt((25 + 1 / 16) * (26 + 1 / 16));
    expect(found.cosine).toBeCloseTo((12 - 12 + 1 / 16) / length, 12);
    expect(compareOutputs(of([1, 2, 5], [3, 1]), of([1, 2, 4], [3, 1])).firstMismatch).toEqual([
      2, 0,
    ]);
    expect(compareOutputs(of([1, 1]), of([2, 1])).maxRel).toBe(0.5);
    expect(compareOutputs(of([1]), of([4])).mean).toBe(3);
  });

  test('of no elements differ by nothing', () => {
    expect(compareOutputs(of([]), of([]))).toMatchObject({ mean: 0, maxAbs: 0, ulpHistogram: [] });
  });

  test('are counted by the floats between them, in powers of two', () => {
    const unit = 2 ** -23;
    const a = [1, 1, 1, 1, 1, -(2 ** -149), 0.5];
    const b = [1, 1 + unit, 1 + 2 * unit, 1 + 3 * unit, 1 + 4 * unit, 2 ** -149, 0.5 - unit / 4];
    // None; one and one below 0.5; two, three and the two denormals around 0; four.
    expect(compareOutputs(of(a), of(b)).ulpHistogram).toEqual([1, 2, 3, 1]);
    expect(compareOutputs(of([1]), of([1 + 8 * unit])).ulpHistogram).toEqual([0, 0, 0, 0, 1]);
  });
});
