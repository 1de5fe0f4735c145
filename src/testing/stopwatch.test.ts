import { describe, expect, test } from 'vitest';
import { timeOf } from './stopwatch.ts';

/**
 * A device whose calls take `callMs` each, and its host's clock, which goes in steps. `slower` is
 * added to a batch by its number; batches are the waits after which something was recorded.
 */
function deviceOf(callMs: number, { slower = [] as number[], stepMs = 0.001, coldMs = 0 } = {}) {
  let time = 100;
  let recorded = 0;
  const batches: number[] = [];
  const gpu = {
    finish: async () => {
      if (recorded === 0) return;
      time += recorded * callMs + (slower[batches.length] ?? 0);
      if (batches.length === 0) time += coldMs;
      batches.push(recorded);
      recorded = 0;
    },
  };
  let reads = 0;
  /** It goes on by a step at every second look. */
  const now = () => {
    if (reads++ % 2 === 1) time += stepMs;
    return Math.round(time / stepMs) * stepMs;
  };
  const timing = timeOf(
    gpu as never,
    () => {
      recorded++;
    },
    now,
  );
  return timing.then((told) => ({ told, batches }));
}

describe('a call', () => {
  test('is timed in batches that take at least 40 ms, nine of them', async () => {
    const { told, batches } = await deviceOf(2, { coldMs: 30 });
    expect(batches.slice(0, 2)).toEqual([1, 1]);
    const last = batches.at(-1) as number;
    expect(last * 2).toBeGreaterThanOrEqual(40);
    expect(last * 2).toBeLessThan(60);
    expect(batches.filter((calls) => calls === last).length).toBeGreaterThanOrEqual(9);
    expect(told.samples).toBe(9);
    expect(told.source).toBe('wall');
    expect(told.coldMs).toBeCloseTo(32, 1);
    expect(told.medianMs).toBeCloseTo(2, 1);
    expect(told.minMs).toBeLessThanOrEqual(told.medianMs);
    expect(told.ciMs[0]).toBe(told.minMs);
  });

  test('takes the steps to a long batch of at most eight times, and of a fifth at least', async () => {
    const { batches } = await deviceOf(0.05);
    const growth = batches
      .slice(2)
      .map((calls, i) => calls / (batches[i + 1] as number))
      .filter((factor) => factor !== 1);
    expect(growth.slice(0, 2)).toEqual([8, 8]);
    expect(Math.max(...growth)).toBe(8);
    expect((batches.at(-1) as number) * 0.05).toBeGreaterThanOrEqual(40);
    expect((batches.at(-1) as number) * 0.05).toBeLessThan(60);
    // Just below what is enough, a batch grows by a fifth.
    const nearly = await deviceOf(39.9);
    expect(nearly.batches.slice(0, 3)).toEqual([1, 1, 2]);
  });

  test('that takes no time is made 2,000 times at most', async () => {
    const { batches } = await deviceOf(0.0001);
    expect(Math.max(...batches)).toBe(2000);
    expect(batches.filter((calls) => calls === 2000).length).toBe(10);
  });

  test('that is long is timed three times, however long that is, and no more after 1.5 s', async () => {
    expect((await deviceOf(2000)).batches).toEqual([1, 1, 1, 1, 1]);
    expect((await deviceOf(2000)).told.samples).toBe(3);
    // 200 ms each: two batches before, and others until 1,500 ms have gone.
    expect((await deviceOf(200)).told.samples).toBe(6);
    expect((await deviceOf(40)).told.samples).toBe(9);
  });

  test('has the median of its batches, between the fastest and the slowest', async () => {
    const slower = [0, 0, 10, 70, 30, 20, 60, 50, 40, 0, 80];
    const { told } = await deviceOf(100, { slower });
    expect(told.samples).toBe(9);
    expect(told.medianMs).toBeCloseTo(140, 1);
    expect(told.minMs).toBeCloseTo(100, 1);
    expect(told.ciMs[0]).toBeCloseTo(100, 1);
    expect(told.ciMs[1]).toBeCloseTo(180, 1);
  });

  test('is told with the step of the clock', async () => {
    expect((await deviceOf(50, { stepMs: 0.25 })).told.quantumNs).toBe(250_000);
    expect((await deviceOf(50, { stepMs: 0.005 })).told.quantumNs).toBe(5000);
  });
});

test('the clock is that of the host where none is given', async () => {
  const { quantumNs, coldMs } = await timeOf({ finish: async () => undefined } as never, () => {
    const end = performance.now() + 50;
    while (performance.now() < end);
  });
  expect(quantumNs).toBeGreaterThan(0);
  expect(coldMs).toBeGreaterThanOrEqual(50);
});
