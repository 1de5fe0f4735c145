import { expect, test } from 'vitest';
import type { LlamaRun } from './run.ts';
import { stepsOf } from './steps.ts';

const numbers = (first: number) => ({
  shape: [4, 1, 3],
  data: Float64Array.from({ length: 12 }, (_, i) => first + i),
});
const run = { input_ids: numbers(1), labels: numbers(101), max_norm: 7 } as unknown as LlamaRun;
const data = (values: readonly number[]) => Float64Array.from(values);

test('a first step has the first micro-batch, and all else of the run', () => {
  expect(stepsOf(run, 1, 1)).toEqual({
    ...run,
    input_ids: { shape: [1, 1, 3], data: data([1, 2, 3]) },
    labels: { shape: [1, 1, 3], data: data([101, 102, 103]) },
  });
});

test('a first step has as many micro-batches as are accumulated', () => {
  const { input_ids, labels } = stepsOf({ ...run, grad_accum: 2 }, 1, 1);
  expect(input_ids).toEqual({ shape: [2, 1, 3], data: data([1, 2, 3, 4, 5, 6]) });
  expect(labels).toEqual({ shape: [2, 1, 3], data: data([101, 102, 103, 104, 105, 106]) });
});

test('steps in the middle have their micro-batches, and those past the end none', () => {
  expect(stepsOf(run, 3, 1).input_ids).toEqual({ shape: [1, 1, 3], data: data([7, 8, 9]) });
  const { labels } = stepsOf({ ...run, grad_accum: 2 }, 2, 20);
  expect(labels).toEqual({ shape: [2, 1, 3], data: data([107, 108, 109, 110, 111, 112]) });
});
