import { expect, test } from 'vitest';
import { scalingLines, scalingRows } from './scaling-rows.mjs';

const step = (ms: number, more: object = {}) => ({ ms, peak_bytes: 2 ** 20, ...more });
const RUNS = [
  { workers: 1, forecast: 2 ** 21, steps: [step(900), step(120), step(110)] },
  { workers: 2, forecast: 2 ** 20, steps: [step(10), step(80), step(75)] },
  { workers: 1, forecast: 2 ** 21, steps: [step(900), step(100), step(130)] },
  {
    workers: 2,
    forecast: 2 ** 20,
    steps: [
      step(10),
      step(90, { peak_bytes_of_worker_0: 2 ** 19, peak_bytes_of_worker_1: 3 * 2 ** 18 }),
    ],
  },
];

test('the least step of all rounds counts, but for the first of each, and the largest worker', () => {
  expect(scalingRows(RUNS)).toEqual([
    { workers: 1, ms: 100, efficiency: 1, forecast: 2 ** 21, peak: 2 ** 20 },
    { workers: 2, ms: 75, efficiency: 100 / 150, forecast: 2 ** 20, peak: 2 ** 20 },
  ]);
});

test('a line says what is reached, what processors allow, and bytes', () => {
  expect(scalingLines(scalingRows(RUNS), 1)).toEqual([
    '1 worker: 100 ms a step; 100 % of 1 times the speed of one; 100 % where each takes one of 1 processors; 1.0 MiB at most, forecast 2.0 MiB',
    '2 workers: 75 ms a step; 67 % of 2 times the speed of one; 50 % where each takes one of 1 processors; 1.0 MiB at most, forecast 1.0 MiB',
  ]);
});
