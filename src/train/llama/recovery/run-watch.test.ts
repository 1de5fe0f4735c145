import { expect, test } from 'vitest';
import { trainingConfigOf } from '../config/read-training-config.ts';
import { RunWatch, type SeenStep } from './run-watch.ts';

const { recovery } = trainingConfigOf({ type: 'lora', lora: { r: 4 } });

/** A loss, or gradients that are not finite, which had that factor. */
const seen = (step: number, loss: number, lossScale?: number): SeenStep => ({
  ...{ step, loss },
  found: lossScale === undefined ? undefined : { tensor: 'a', index: [0], count: 1, lossScale },
});

/** What ends with a loss that exploded, and with gradients that stayed not finite. */
const EXPLODED = [4, 4, 9, 9, 4, 4, 9, 9, 9].map((loss, i) => seen(i + 1, loss));
const NONFINITE = [
  ...[seen(1, 4), seen(2, 4, 1), seen(3, 4, 1), seen(4, 4), seen(5, 4, 1024)],
  ...[seen(6, 4, 1), seen(7, 4, 1), seen(8, 4, 1)],
];

/** What a watch knows after each step, and what it threw at the last. */
function course(watch: RunWatch, steps: readonly SeenStep[]): readonly unknown[] {
  return steps.map((step) => {
    let thrown: unknown;
    try {
      watch.see(step);
    } catch (error) {
      thrown = error;
    }
    return [step.step, watch.isAlarmed, watch.earliest, thrown];
  });
}

test.each([
  ['a loss explodes', EXPLODED, 7],
  ['gradients are not finite', NONFINITE, 6],
])('cut anywhere, a run knows that %s, and from which step on', (_, steps, since) => {
  const whole = course(new RunWatch(recovery, [], true), steps);
  expect(whole.at(-1)).toEqual([steps.length, true, since, expect.objectContaining({ since })]);
  for (const cut of steps.keys()) {
    const resumed = new RunWatch(recovery, steps.slice(0, cut), true);
    expect(course(resumed, steps.slice(cut)), `cut after ${cut}`).toEqual(whole.slice(cut));
  }
});

test('the earliest step that may be wrong is the first of those that seem so, or the next', () => {
  const watch = new RunWatch(recovery, [], true);
  expect(watch.earliest).toBe(1);
  const earliest = EXPLODED.slice(0, 8).map((step) => {
    watch.see(step);
    return watch.earliest;
  });
  expect(earliest).toEqual([2, 3, 3, 3, 6, 7, 7, 7]);
});

test('it is alarmed by none of those that it makes again after it went back', () => {
  const resumed = new RunWatch(recovery, EXPLODED.slice(0, 5), true);
  expect([3, 4, 5].map((step) => resumed.isSound(step))).toEqual([false, false, true]);
  expect(new RunWatch(recovery, EXPLODED.slice(0, 2), true).isSound(3)).toBe(true);
});
