import { expect, onTestFinished, test, vi } from 'vitest';
import { wrapSeam } from '../seam.ts';
import { overlapOf, submitAll } from './overlap.ts';

/** A device that takes `ms` to finish, after jobs of a millisecond, and counts what it is asked. */
function deviceOf(ms: number) {
  let now = 1000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  onTestFinished(() => void vi.restoreAllMocks());
  const asked: string[] = [];
  const gpu = {
    waits: 0,
    recorder: { submits: 20 },
    submit: () => {
      asked.push('submit');
      gpu.recorder.submits++;
    },
    finish: () => {
      asked.push('finish');
      gpu.waits++;
      now += ms;
      return Promise.resolve();
    },
  };
  const jobs = ['a', 'b', 'c'].map((name) => () => {
    asked.push(name);
    now += 1;
  });
  return { gpu: gpu as never, asked, jobs };
}

test('jobs are timed each by itself, then one behind the other', async () => {
  const { gpu, asked, jobs } = deviceOf(5);
  const { totalMs, latenciesMs, sumMs, submits, waits } = await overlapOf(gpu, jobs);
  expect(asked.join(' ')).toBe(
    'finish a finish b finish c finish a submit b submit c submit finish',
  );
  expect([submits, waits]).toEqual([3, 0]);
  expect([latenciesMs, sumMs, totalMs]).toEqual([[6, 6, 6], 18, 3 + 5]);
});

test('a wait between two submits counts, one before the first and after the last does not', async () => {
  const { gpu, jobs } = deviceOf(0);
  const device = gpu as { finish(): Promise<void> };
  const waiting = (at: number) =>
    jobs.map((job, i) => () => {
      job();
      if (i === at) void device.finish();
    });
  expect(await submitAll(gpu, waiting(0))).toBe(0);
  expect(await submitAll(gpu, waiting(1))).toBe(1);
  expect(await submitAll(gpu, [])).toBe(0);
});

test('what is awaited between two submits is awaited', async () => {
  const { gpu, asked, jobs } = deviceOf(0);
  using _ = wrapSeam('overlap.between', () => async () => {
    await new Promise((resolve) => setTimeout(resolve));
    asked.push('waited');
  });
  await submitAll(gpu, jobs.slice(1));
  expect(asked.join(' ')).toBe('b submit waited c submit waited');
});
