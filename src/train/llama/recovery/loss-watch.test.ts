import { expect, test } from 'vitest';
import { LossWatch } from './loss-watch.ts';

const SETTINGS = { explosionFactor: 2, explosionSteps: 3 };

/** One that saw these losses. */
function watched(...losses: readonly number[]): LossWatch {
  const watch = new LossWatch(SETTINGS);
  for (const loss of losses) watch.see(loss);
  return watch;
}

test('some in a row above twice the smoothed loss, and above the first one, are an explosion', () => {
  const watch = watched();
  for (const loss of [4, 4, 9, 9]) watch.see(loss);
  expect([watch.high, watch.isExploded]).toEqual([2, false]);
  watch.see(Number.NaN);
  expect([watch.high, watch.isExploded]).toEqual([3, true]);
});

test('a loss that comes back ends the row, and counts to the smoothed one', () => {
  const watch = watched(4, 9, 9);
  watch.see(8);
  expect(watch.high).toBe(0);
  // Twice 0.9 x 4 + 0.1 x 8 is 8.8.
  watch.see(8.79);
  expect(watch.high).toBe(0);
  watch.see(9.7);
  expect(watch.high).toBe(1);
});

test('nothing below the first loss is too high, however small the smoothed one is', () => {
  const watch = watched(4, ...new Array<number>(40).fill(0.01));
  watch.see(3.9);
  expect(watch.high).toBe(0);
  watch.see(4.1);
  expect(watch.high).toBe(1);
});

test('a run begins with its first finite loss', () => {
  const watch = watched(Number.NaN, Number.POSITIVE_INFINITY, 4);
  expect(watch.high).toBe(0);
  watch.see(9);
  expect(watch.high).toBe(1);
});
