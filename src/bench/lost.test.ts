import { describe, expect, test } from 'vitest';
import { DeviceLostError } from '../gpu/gpu.ts';
import type { Contender } from './contender.ts';
import { type Script, ScriptedTime, scripted, work } from './fixtures/scripted.ts';
import type { BenchEvent, BenchHost } from './host.ts';
import { DEFAULT_BENCH_OPTIONS } from './options.ts';
import { runBench } from './run.ts';
import type { Work } from './work.ts';

const OURS: Script = { name: 'webgpu', settings: { captured: 30 } };
const WORKS: readonly Work[] = [4, 5, 6].map((n) => ({ ...work, id: `bench.relu:f32;n=${n}` }));
const LOSS = new DeviceLostError({ reason: 'unknown', message: 'gone' } as GPUDeviceLostInfo);
const broken = () => {
  throw new Error('a valid instance no longer exists');
};

/** A contender of whose works each that is put away does `onEnd`. */
function kept(contender: Contender, onEnd: () => unknown): Contender {
  return {
    ...contender,
    prepare: async (asked, setting) => ({
      ...(await contender.prepare(asked, setting)),
      [Symbol.asyncDispose]: async () => void onEnd(),
    }),
  };
}

/** Three works; from the `from`-th batch on the device of ours is lost until another is opened. */
async function ranWithLoss(from: number, more: Partial<BenchHost> = {}) {
  const time = new ScriptedTime();
  const events: BenchEvent[] = [];
  let runs = 0;
  const isLost = () => runs >= from;
  const onRun = () => void (++runs >= from && broken());
  const { results, complete } = await runBench(
    {
      works: WORKS,
      // Nothing can be put away on a lost device.
      contenders: [kept(scripted(time, { ...OURS, onRun }), () => isLost() && broken())],
      options: DEFAULT_BENCH_OPTIONS,
      ...{ now: time.now, quantumMs: 1, signal: new AbortController().signal },
      lost: async () => (isLost() ? LOSS : undefined),
      reopen: async () => ({
        ...{ contenders: [scripted(time, OURS)], quantumMs: 1 },
        lost: async () => undefined,
      }),
      ...more,
    },
    (event) => events.push(event),
  );
  const statuses = results.map(({ status }) => status);
  return { results, statuses, complete, end: events.at(-1) };
}

/** Batches of a work: two that warm up, two that tell how many runs, two trials, five rounds. */
const BATCHES = 11;

describe('where a device is lost', () => {
  test.each([
    ['when a setting is tried', BATCHES + 2],
    ['in the rounds', 2 * BATCHES - 1],
  ])('%s, that work is lost and the next has its times', async (_, from) => {
    const { results, statuses, complete, end } = await ranWithLoss(from);
    expect([statuses, complete]).toEqual([['pass', 'lost', 'pass'], true]);
    expect(results[1]?.error).toEqual({ code: 'device-lost', message: LOSS.message });
    expect(results[1]).not.toHaveProperty('timing');
    expect(results[2]?.timing?.samples).toBe(5);
    expect(end).toEqual({ type: 'end' });
  });

  test('and no other can be had, what was timed is the run, and the end says why', async () => {
    const reopen = () => Promise.reject(new Error('the browser offers no adapter'));
    const { statuses, complete, end } = await ranWithLoss(BATCHES + 2, { reopen });
    expect([statuses, complete]).toEqual([['pass', 'lost'], false]);
    expect(end).toEqual({
      type: 'end',
      problem: `${LOSS.message}; no other device can be had (the browser offers no adapter)`,
    });
  });

  test('in the last work, nothing is opened any more, and the run is complete', async () => {
    const { statuses, complete } = await ranWithLoss(2 * BATCHES + 3, {
      reopen: () => Promise.reject(new Error('asked for nothing')),
    });
    expect([statuses, complete]).toEqual([['pass', 'pass', 'lost'], true]);
  });

  test('unheard, what its batches seem to take is no time', async () => {
    const { statuses } = await ranWithLoss(Number.POSITIVE_INFINITY, { lost: async () => LOSS });
    expect(statuses).toEqual(['lost', 'pass', 'pass']);
  });
});

test('a library that breaks in the rounds costs its own time alone', async () => {
  const time = new ScriptedTime();
  let runs = 0;
  const jax: Script = {
    ...{ name: 'jax-webgpu', settings: { jit: 30 } },
    onRun: () => void (++runs === BATCHES - 2 && broken()),
  };
  const { results } = await runBench(
    {
      works: [work],
      contenders: [scripted(time, OURS), scripted(time, jax)],
      options: DEFAULT_BENCH_OPTIONS,
      ...{ now: time.now, quantumMs: 1, signal: new AbortController().signal },
    },
    () => {},
  );
  expect(results.map(({ backend, status }) => [backend, status])).toEqual([
    ['webgpu', 'pass'],
    ['jax-webgpu', 'error'],
  ]);
  expect(results[0]?.timing?.samples).toBe(5);
});

test('a work that cannot be put away keeps its times', async () => {
  const time = new ScriptedTime();
  const { results, complete } = await runBench(
    {
      works: WORKS,
      contenders: [kept(scripted(time, OURS), broken)],
      options: DEFAULT_BENCH_OPTIONS,
      ...{ now: time.now, quantumMs: 1, signal: new AbortController().signal },
    },
    () => {},
  );
  expect([results.map(({ status }) => status), complete]).toEqual([['pass', 'pass', 'pass'], true]);
});
