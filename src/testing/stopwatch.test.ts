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

/**
 * What is told of calls that take `msOf` their batch, on a clock that goes on by itself only where
 * nothing else is done than looking at it: then by these steps. `pendingMs` is left of earlier work.
 */
async function toldExactly(
  msOf: (batch: number) => number,
  { steps = [1], pendingMs = 0 }: { readonly steps?: readonly number[]; pendingMs?: number } = {},
) {
  let time = 1000;
  let left = pendingMs;
  let recorded = 0;
  let idle = 0;
  const batches: number[] = [];
  const clock = steps.values();
  const finish = async () => {
    idle = 0;
    time += left + recorded * msOf(batches.length);
    left = 0;
    if (recorded > 0) batches.push(recorded);
    recorded = 0;
  };
  const work = () => {
    recorded++;
  };
  const now = () => {
    if (++idle > 2) time += clock.next().value ?? 1000;
    return time;
  };
  return { told: await timeOf({ finish } as never, work, now), batches };
}

describe('to the millisecond', () => {
  test('a batch of 40 ms is long enough, and one below is followed by one of 48 ms', async () => {
    expect((await toldExactly(() => 40)).batches).toEqual(new Array(11).fill(1));
    expect((await toldExactly(() => 39.5)).batches.slice(0, 4)).toEqual([1, 1, 2, 2]);
    // Eight times as many after 1 ms, and six times after 8 ms.
    expect((await toldExactly(() => 1)).batches.slice(0, 5)).toEqual([1, 1, 8, 48, 48]);
  });

  test('no batch is begun once 1,500 ms are over', async () => {
    expect((await toldExactly(() => 300)).batches.length).toBe(2 + 3);
    expect((await toldExactly(() => 299.875)).batches.length).toBe(2 + 4);
  });

  test('the median is the middle of the batches, of four the third', async () => {
    const nine = [50, 50, 90, 100, 150, 80, 95, 120, 85, 110, 105];
    expect((await toldExactly((batch) => nine[batch] as number)).told).toMatchObject({
      samples: 9,
      medianMs: 100,
      minMs: 80,
      ciMs: [80, 150],
    });
    const four = await toldExactly((batch) => [200, 200, 320, 300, 310, 500][batch] as number);
    expect(four.told).toMatchObject({
      samples: 4,
      coldMs: 200,
      medianMs: 320,
      minMs: 300,
      ciMs: [300, 500],
    });
  });

  test('what was recorded before the first call is not in its time', async () => {
    expect((await toldExactly(() => 50, { pendingMs: 7000 })).told.coldMs).toBe(50);
  });

  test('the step of the clock is the smallest of five', async () => {
    const { told } = await toldExactly(() => 100, { steps: [4, 2, 3, 2.5, 1.5, 0.5] });
    expect(told.quantumNs).toBe(1_500_000);
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
