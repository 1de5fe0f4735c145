import { expect, test } from 'vitest';
import { wrapSeam } from '../seam.ts';
import { overlapOf, submitAll } from './overlap.ts';

/** A device that takes `ms` for each submit, and counts what it is asked. */
function deviceOf(ms: number) {
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
      const end = performance.now() + ms;
      while (performance.now() < end);
      return Promise.resolve();
    },
  };
  const jobs = ['a', 'b', 'c'].map((name) => () => void asked.push(name));
  return { gpu: gpu as never, asked, jobs };
}

test('jobs are timed each by itself, then one behind the other', async () => {
  const { gpu, asked, jobs } = deviceOf(5);
  const { totalMs, latenciesMs, sumMs, submits, waits } = await overlapOf(gpu, jobs);
  expect(asked.join(' ')).toBe(
    'finish a finish b finish c finish a submit b submit c submit finish',
  );
  expect([submits, waits, latenciesMs.length]).toEqual([3, 0, 3]);
  for (const ms of latenciesMs) {
    expect(ms).toBeGreaterThanOrEqual(5);
    expect(ms).toBeLessThan(1000);
  }
  expect(sumMs).toBeCloseTo(
    (latenciesMs[0] as number) + (latenciesMs[1] as number) + (latenciesMs[2] as number),
    9,
  );
  expect(totalMs).toBeGreaterThanOrEqual(5);
  expect(totalMs).toBeLessThan(1000);
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
