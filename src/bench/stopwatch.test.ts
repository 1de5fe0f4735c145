import { expect, test } from 'vitest';
import { firstBatch } from './stopwatch.ts';

/** A run of `ms` each whose first one takes `hiccup` longer, by a clock of its own. */
function timed(ms: number, hiccup = 0) {
  let time = 0;
  let extra = hiccup;
  const run = async (times: number) => {
    time += times * ms + extra;
    extra = 0;
  };
  return firstBatch(run, () => time);
}

test.each([
  [1, 20],
  [0.9, 23],
  [30, 1],
])('runs of %d ms make batches of 20 ms or more', async (ms, least) => {
  const batch = await timed(ms);
  expect(batch.ms).toBeCloseTo(ms);
  expect(batch.repeats).toBeGreaterThanOrEqual(least);
  expect(batch.repeats).toBeLessThanOrEqual(2 * least);
});

test('a hiccup of the first run makes no batch of it', async () => {
  const batch = await timed(0.9, 30);
  expect(batch.repeats).toBeGreaterThanOrEqual(23);
  expect(batch.ms).toBeCloseTo(0.9);
});
