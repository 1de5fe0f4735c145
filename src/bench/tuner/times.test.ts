import { describe, expect, test } from 'vitest';
import { timesOf } from './times.ts';

/** Ways by what they take by a clock of their own: one run, and more for the first. */
type Costs = Readonly<Record<string, { readonly run: number; readonly compiles?: number }>>;

/** The times of ways as they are found, with what ran and the end; the first is `known`. */
async function timed(
  costs: Costs,
  limits: { readonly share: number; readonly end: number },
  isHopeless?: (way: string, bestMs: number) => boolean,
) {
  let clock = 0;
  const ran: string[] = [];
  const open = new Set<string>();
  const result = await timesOf(
    Object.keys(costs),
    {
      open: async (way) => {
        open.add(way);
        const { run, compiles = 0 } = costs[way] ?? { run: 0 };
        let first = compiles;
        return {
          run: async (times) => {
            if (ran.at(-1) !== way) ran.push(way);
            clock += first + times * run;
            first = 0;
          },
          [Symbol.asyncDispose]: async () => void open.delete(way),
        };
      },
      ...(isHopeless ? { isHopeless } : {}),
    },
    { now: () => clock, ...limits },
  );
  expect(open, 'what was opened is closed').toEqual(new Set());
  return { ...result, ran: ran.join(' '), clock };
}

const ENOUGH = { share: 1e6, end: 1e6 };

describe('ways of doing one work', () => {
  test('are each timed once, then in rounds, in turn', async () => {
    const { times, complete, ran } = await timed({ a: { run: 30 }, b: { run: 40 } }, ENOUGH);
    expect([...times]).toEqual([
      ['a', 30],
      ['b', 40],
    ]);
    expect([complete, ran]).toEqual([true, 'a b a b a b a b']);
  });

  test('that take over twice the best go no further, and are timed as often as they themselves need', async () => {
    const { ran, clock } = await timed(
      { a: { run: 0.5 }, b: { run: 0.9 }, c: { run: 90 } },
      ENOUGH,
    );
    expect(ran).toBe('a b c a b a b a b');
    // The slow one ran to be compiled, once, and once more since that might have been a hiccup.
    expect(clock).toBeLessThan(3 * 90 + 2 * 200);
  });

  test('have their kernels compiled before', async () => {
    const { times } = await timed({ a: { run: 30 }, b: { run: 40, compiles: 900 } }, ENOUGH);
    expect(times.get('b')).toBe(40);
  });

  test('have one round where the share is spent, and shorter batches where it is small', async () => {
    const costs = { a: { run: 0.1 }, b: { run: 0.11 } };
    const small = await timed(costs, { share: 60, end: 3000 });
    expect([small.complete, small.clock < 100]).toEqual([true, true]);
    const spent = await timed(
      { a: { run: 100, compiles: 300 }, b: { run: 110, compiles: 300 } },
      { share: 60, end: 3000 },
    );
    expect([spent.complete, spent.ran]).toEqual([true, 'a b a b']);
  });
});

describe('what there is no time for', () => {
  test('is not begun, by what those before it took', async () => {
    const costs = {
      a: { run: 40, compiles: 1000 },
      b: { run: 110, compiles: 1000 },
      c: { run: 1 },
    };
    const { times, complete, ran, clock } = await timed(costs, { share: 187, end: 3000 });
    expect([[...times.keys()], complete, ran]).toEqual([['a', 'b'], false, 'a b']);
    expect(clock).toBeLessThanOrEqual(3000);
  });

  test('is none of it where even the first is too slow', async () => {
    const slow = await timed(
      { a: { run: 900, compiles: 5000 }, b: { run: 1 } },
      { share: 9, end: 3000 },
    );
    expect([slow.times.size, slow.complete, slow.clock]).toEqual([0, false, 5900]);
    const late = await timed({ a: { run: 1 } }, { share: 0, end: 0 });
    expect([late.times.size, late.complete, late.ran]).toEqual([0, false, '']);
  });

  test('is a round that would go on too long', async () => {
    const { times, complete, ran } = await timed(
      { a: { run: 200 }, b: { run: 210 } },
      { share: 100, end: 1000 },
    );
    expect([[...times.values()], complete, ran]).toEqual([[200, 210], false, 'a b']);
  });

  test('is what is known to be hopeless by other classes, and is not waited for', async () => {
    const { times, complete } = await timed(
      { a: { run: 30 }, b: { run: 10 }, c: { run: 1e5 } },
      ENOUGH,
      (way, bestMs) => way === 'c' && bestMs === 10,
    );
    expect([[...times.keys()], complete]).toEqual([['a', 'b'], true]);
  });
});
