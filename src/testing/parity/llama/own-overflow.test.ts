import { describe, expect, test } from 'vitest';
import type { LlamaRun } from '../../../reference/llama/run.ts';
import type { Value } from '../../../reference/record.ts';
import { overflowedAlone, unjudgedByOverflow } from './own-overflow.ts';

const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});
const scaler = { init_scale: 8, growth_factor: 2, backoff_factor: 0.5, growth_interval: 2 };
const run: Pick<LlamaRun, 'autocast' | 'scaler'> = { autocast: 'float16', scaler };

test('a producer overflows alone where its norm is no number and the true one is', () => {
  const alone = (theirs: Value, truth: Value, more: object = {}) =>
    overflowedAlone({ ...run, ...more }, { norm: theirs }, { norm: truth });
  expect(alone(of(Number.NaN), of(3))).toBe(true);
  expect(alone(of(Number.POSITIVE_INFINITY), of(3))).toBe(true);
  expect(alone(of(4), of(3))).toBe(false);
  expect(alone(of(Number.NaN), of(Number.NaN))).toBe(false);
  expect(alone(of(Number.NaN), of(3), { autocast: 'bfloat16' })).toBe(false);
  expect(alone(of(Number.NaN), of(3), { scaler: undefined })).toBe(false);
  expect(overflowedAlone(run, {}, { norm: of(3) })).toBe(false);
});

describe('a curve after such a step', () => {
  const marked = (curve: string, theirs: Value, truth: Value, more: object = {}) => {
    const given = { theirs: { scale: theirs }, truth: { scale: truth } };
    const isUnjudged = unjudgedByOverflow({ ...run, ...more }, curve, given);
    return [0, 1, 2, 3].filter(isUnjudged);
  };
  const right = of(8, 16, 16, 32);

  test('is not judged', () => {
    const theirs = of(8, 4, 4, 8);
    expect(marked('scale', theirs, right)).toEqual([1, 2, 3]);
    expect(marked('losses', theirs, right)).toEqual([2, 3]);
    expect(marked('lrs', theirs, right)).toEqual([2, 3]);
    expect(marked('logits_step0', theirs, right)).toEqual([]);
    expect(marked('scale', of(4, 4, 8, 8), right)).toEqual([0, 1, 2, 3]);
  });

  test('is judged where the scale differs otherwise, or never', () => {
    expect(marked('scale', right, right)).toEqual([]);
    expect(marked('scale', of(8, 17, 16, 32), right)).toEqual([]);
    // The true scale fell too, by another factor.
    expect(marked('scale', of(4, 4, 4, 4), of(2, 2, 2, 2))).toEqual([]);
    expect(marked('scale', of(8, 4, 4, 8), right, { autocast: undefined })).toEqual([]);
    expect(marked('scale', of(8, 4, 4, 8), right, { scaler: undefined })).toEqual([]);
  });
});
