import { expect, test } from 'vitest';
import { StepClock } from './step-clock.ts';

/** A clock of 100 steps whose time is set by hand. */
function clockAt() {
  const time = { ms: 0 };
  return { time, clock: new StepClock(100, () => time.ms) };
}

test('a step takes the median of stretches, and what stands between them is left out', () => {
  const { time, clock } = clockAt();
  time.ms += 5000; // the first step is judged
  clock.begin(1);
  time.ms += 90;
  clock.end(10);
  expect(clock.times(10)).toMatchObject({ lapMs: 10, medianMs: 10 });
  time.ms += 700; // a held-out loss
  clock.begin(10);
  time.ms += 200;
  clock.end(20);
  expect(clock.times(20)).toMatchObject({ lapMs: 20, medianMs: 15 });
  clock.begin(20);
  time.ms += 4000; // the computer was busy with something else
  clock.end(30);
  expect(clock.times(30)).toMatchObject({ lapMs: 400, medianMs: 20 });
});

test('a stretch without a step says nothing, and neither does a run whose steps are all judged', () => {
  const { time, clock } = clockAt();
  clock.begin(1);
  time.ms += 50;
  clock.end(1);
  clock.end(2);
  expect(clock.times(2)).toEqual({ remainingMs: 25 * 98 });
});

test('what is left counts judged steps too, and no pause', async () => {
  const { time, clock } = clockAt();
  clock.begin(0);
  time.ms += 1000;
  clock.end(10);
  const pause = async () => {
    await Promise.resolve();
    time.ms += 60_000;
  };
  await clock.stoppedUntil(pause());
  expect(clock.times(10).remainingMs).toBe(9000);
});

test('the median is of times in the order of their numbers', () => {
  const { time, clock } = clockAt();
  const medians = [100, 9, 10, 11].map((ms, i) => {
    clock.begin(i);
    time.ms += ms;
    clock.end(i + 1);
    return clock.times(i + 1).medianMs;
  });
  expect(medians).toEqual([100, 54.5, 10, 10.5]);
});

test('nothing remains after the last step, by the clock of the machine', () => {
  expect(new StepClock(1).times(1)).toEqual({ remainingMs: 0 });
});
