import { describe, expect, test } from 'vitest';
import { CheckpointSchedule } from './checkpoint-schedule.ts';

/** A clock that a test moves. */
function clock() {
  let at = 1000;
  return {
    now: () => at,
    pass: (ms: number) => {
      at += ms;
    },
  };
}

describe('checkpoints are due', () => {
  test('after 50 steps or 60 s, whichever comes first', () => {
    const { now, pass } = clock();
    const schedule = new CheckpointSchedule({ now });
    schedule.begin(10);
    expect([59, 60, 61].map((step) => schedule.isDue(step, false))).toEqual([false, true, true]);
    pass(59_999);
    expect(schedule.isDue(11, false)).toBe(false);
    pass(1);
    expect(schedule.isDue(11, false)).toBe(true);
  });

  test('where the held-out loss was never smaller', () => {
    expect(new CheckpointSchedule({ now: clock().now }).isDue(3, true)).toBe(true);
  });

  test('not before twenty times the cost of the last one has passed since it ended', async () => {
    const { now, pass } = clock();
    const schedule = new CheckpointSchedule({ now });
    pass(60_000);
    const ms = await schedule.time(7, async () => pass(4000));
    expect(ms).toBe(4000);
    pass(79_999);
    expect([schedule.isDue(1000, false), schedule.isDue(1000, true)]).toEqual([false, false]);
    pass(1);
    expect([schedule.isDue(8, false), schedule.isDue(8, true)]).toEqual([true, true]);
    // Steps are counted from the last one, and time from its end.
    await schedule.time(1000, async () => pass(1));
    pass(20);
    expect([schedule.isDue(1049, false), schedule.isDue(1050, false)]).toEqual([false, true]);
    pass(59_980);
    expect(schedule.isDue(1001, false)).toBe(true);
  });

  test('as long after the run goes on elsewhere, when the last one is known', async () => {
    const { now, pass } = clock();
    const schedule = new CheckpointSchedule({ now });
    await schedule.time(7, async () => pass(4000));
    pass(70_000);
    schedule.begin(3);
    expect(schedule.share).toBe(0);
    pass(79_999);
    expect(schedule.isDue(80, true)).toBe(false);
    pass(1);
    expect(schedule.isDue(4, true)).toBe(true);
    await schedule.time(80, async () => pass(20_000));
    expect(schedule.share).toBe(0.2);
  });

  test('every so many steps where that is asked for, whatever they cost', async () => {
    const { now, pass } = clock();
    const schedule = new CheckpointSchedule({ every: 3, now });
    const due = () => [1, 2, 3, 4, 5, 6, 50].filter((step) => schedule.isDue(step, step === 5));
    expect(due()).toEqual([3, 6]);
    await schedule.time(3, async () => pass(10_000));
    pass(60_000);
    expect(due()).toEqual([3, 6]);
  });

  test('at most for a twentieth of a run, whatever one costs', async () => {
    for (const cost of [0, 1, 37, 5000, 70_000]) {
      const { now, pass } = clock();
      const schedule = new CheckpointSchedule({ now });
      let spent = 0;
      let trained = 0;
      for (let step = 1; step <= 3000; step++) {
        pass(900);
        trained += 900;
        if (!schedule.isDue(step, step % 40 === 0)) continue;
        spent += await schedule.time(step, async () => pass(cost));
      }
      // The one that is under way is not paid for yet.
      expect(spent - cost, `each ${cost} ms`).toBeLessThanOrEqual(trained / 20);
      expect(schedule.share).toBe(spent / (spent + trained));
    }
  });
});
