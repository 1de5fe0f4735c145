import { describe, expect, test } from 'vitest';
import { OutOfMemoryError } from '../gpu/memory.ts';
import { CaptureError } from '../gpu/trace.ts';
import { median } from '../report/median.ts';
import { verdictOf } from '../report/verdict.ts';
import { type Script, ScriptedTime, scripted, work } from './fixtures/scripted.ts';
import type { BenchEvent, BenchHost, BenchResult } from './host.ts';
import { DEFAULT_BENCH_OPTIONS } from './options.ts';
import { runBench } from './run.ts';
import type { Work } from './work.ts';

const OURS: Script = { name: 'webgpu', settings: { captured: 4, eager: 5 } };

/** Runs the scripts on one work; `more` changes the host. */
async function ran(
  scripts: readonly Script[],
  more: Partial<BenchHost> | ((time: ScriptedTime) => Partial<BenchHost>) = {},
) {
  const time = new ScriptedTime();
  const events: BenchEvent[] = [];
  const given = typeof more === 'function' ? more(time) : more;
  const host: BenchHost = {
    works: [work],
    contenders: scripts.map((script) => scripted(time, script)),
    options: DEFAULT_BENCH_OPTIONS,
    now: time.now,
    quantumMs: 1,
    signal: new AbortController().signal,
    ...given,
  };
  const { results, complete } = await runBench(host, (event) => events.push(event));
  const of = (backend: string) =>
    results.find((result) => result.backend === backend) as BenchResult;
  return { results, complete, events, of };
}

describe('a bench', () => {
  test('tells the fastest setting with its samples, and what the others took', async () => {
    const { of } = await ran([OURS]);
    const { status, setting, tried, timing, metrics, series, assertions, kernels } = of('webgpu');
    expect({ status, setting, assertions }).toEqual({
      status: 'pass',
      setting: 'captured',
      assertions: 4,
    });
    expect(tried?.['captured']).toBeCloseTo(4, 5);
    expect(tried?.['eager']).toBeCloseTo(5, 5);
    expect(timing?.medianMs).toBeCloseTo(4, 5);
    expect(timing?.samples).toBe(series?.['ms']?.length);
    expect(Object.keys(series ?? {})).toEqual(['ms', 'ms of eager']);
    expect(series?.['ms of eager']).toHaveLength(5);
    expect(median(series?.['ms of eager'] as number[])).toBeCloseTo(5, 5);
    expect(metrics).toMatchObject({ capturedCommands: 1, eagerCommands: 1, repeats: 6 });
    expect(kernels).toEqual(['kernel-of-captured', 'kernel-of-eager']);
    // A batch of six has a sixth of the quantum.
    expect(timing?.quantumNs).toBe(Math.round(1e6 / 6));
  });

  test('takes samples until the median is known, or as many as asked', async () => {
    expect((await ran([OURS])).of('webgpu').timing?.samples).toBe(5);
    let runs = 0;
    const noisy = { ...OURS, settings: { captured: () => 20 + 9 * (runs++ % 2) } };
    expect((await ran([noisy])).of('webgpu').timing?.samples).toBe(15);
    const quick = { ...DEFAULT_BENCH_OPTIONS, quick: true };
    expect((await ran([noisy], { options: quick })).of('webgpu').timing?.samples).toBe(7);
    const options = { ...DEFAULT_BENCH_OPTIONS, samples: 20 };
    const { timing, metrics } = (await ran([OURS], { options })).of('webgpu');
    expect(timing?.samples).toBe(20);
    expect(metrics).toMatchObject({ p10Ms: expect.closeTo(4), p90Ms: expect.closeTo(4) });
  });

  test('has no interval where fewer than five samples tell of the median', async () => {
    const { of } = await ran([
      OURS,
      { name: 'jax-webgpu', settings: { jit: 6 } },
      { name: 'tfjs-webgpu', settings: { default: 60 } },
    ]);
    const told = (name: string) => [of(name).timing?.samples, of(name).timing?.ciMs.length];
    expect([told('jax-webgpu'), told('tfjs-webgpu')]).toEqual([
      [5, 2],
      [3, 0],
    ]);
  });

  test('rates ours by the fastest peer on WebGPU, and by the ceiling', async () => {
    const { of } = await ran([
      OURS,
      { name: 'ceiling', settings: { copy: 1 } },
      { name: 'ort-webgpu', settings: { default: 12 } },
      { name: 'jax-webgpu', settings: { jit: 6 } },
      { name: 'ort-wasm', settings: { default: 0.5 } },
    ]);
    expect(of('webgpu').metrics?.['ratio']).toBeCloseTo(1.5, 4);
    expect(of('webgpu').metrics?.['fractionOfCeiling']).toBeCloseTo(0.25, 4);
    expect(of('jax-webgpu').metrics?.['fractionOfCeiling']).toBeCloseTo(1 / 6, 4);
    expect(of('jax-webgpu').metrics).not.toHaveProperty('ratio');
    expect(of('ceiling').metrics).not.toHaveProperty('fractionOfCeiling');
  });

  test('rates a ceiling by what it does, and by nothing else', async () => {
    const rates = async (setting: string) => {
      const { of } = await ran([OURS, { name: 'ceiling', settings: { [setting]: 4 } }]);
      return Object.keys(of('ceiling').metrics ?? {}).filter((name) => /^g(flops|bps)$/.test(name));
    };
    expect(await rates('multiply-adds, 8 rounds an invocation')).toEqual(['gflops']);
    expect(await rates('copy of the same streams, 2 vec4 an invocation')).toEqual(['gbps']);
    expect(await rates('look-ups that are stored')).toEqual([]);
    expect((await ran([OURS])).of('webgpu').metrics).toMatchObject({
      ...{ gflops: expect.any(Number), gbps: expect.any(Number) },
    });
  });

  test('counts a library by its documented loop where that is faster, and tells both', async () => {
    const peer = { name: 'tfjs-webgpu', settings: { default: 10 } } as const;
    const { of } = await ran([
      { ...peer, documentedMs: 8 },
      { ...peer, name: 'jax-webgpu', documentedMs: 11 },
    ]);
    expect(of('tfjs-webgpu').timing?.medianMs).toBeCloseTo(8, 4);
    expect(of('tfjs-webgpu').setting).toBe('default, by its documented loop');
    expect(of('tfjs-webgpu').series?.['ms']?.[0]).toBeCloseTo(10, 4);
    expect(of('jax-webgpu').timing?.medianMs).toBeCloseTo(10, 4);
    expect(of('jax-webgpu').metrics?.['documentedMs']).toBeCloseTo(11, 4);
  });

  test('lets a library rest that is far behind another one, and none that is asked for samples', async () => {
    const scripts: readonly Script[] = [
      { ...OURS, settings: { captured: 30 } },
      { name: 'ort-webgpu', settings: { default: 61 } },
      { name: 'tfjs-webgpu', settings: { default: 59 } },
      { name: 'jax-webgpu', settings: { default: 30 } },
    ];
    const samples = ({ of }: Awaited<ReturnType<typeof ran>>) =>
      scripts.map(({ name }) => of(name).timing?.samples);
    expect(samples(await ran(scripts))).toEqual([5, 3, 5, 5]);
    const options = { ...DEFAULT_BENCH_OPTIONS, samples: 6 };
    expect(samples(await ran(scripts, { options }))).toEqual([6, 6, 6, 6]);
  });

  test('warms up what is slow once, and tries it once', async () => {
    const runs: string[] = [];
    const slow = (name: 'ort-webgpu', ms: number): Script => ({
      ...{ name, settings: { default: ms }, onRun: () => runs.push(name) },
    });
    await ran([slow('ort-webgpu', 600)]);
    expect(runs).toHaveLength(2 + 5);
    runs.length = 0;
    await ran([slow('ort-webgpu', 100)]);
    expect(runs).toHaveLength(2 + 3 + 5);
  });

  test('runs in turn, each round begun by another', async () => {
    const order: string[] = [];
    const watched = (name: 'ort-webgpu' | 'jax-webgpu' | 'tfjs-webgpu'): Script => ({
      name,
      settings: { default: 30 },
      onRun: () => order.push(name),
    });
    await ran([watched('ort-webgpu'), watched('tfjs-webgpu'), watched('jax-webgpu')]);
    const o = 'ort-webgpu';
    const t = 'tfjs-webgpu';
    const j = 'jax-webgpu';
    expect(order.slice(-15)).toEqual([o, t, j, t, j, o, j, o, t, o, t, j, t, j, o]);
  });
});

describe('a contender', () => {
  test('that is wrong fails and has no time, and the others are timed', async () => {
    const errors = { a: 1e-3, b: 1e-3 };
    const { of } = await ran([OURS, { name: 'ort-webgpu', settings: { a: 1, b: 2 }, errors }]);
    const { status, error, timing, assertions } = of('ort-webgpu');
    expect({ status, timing, assertions }).toEqual({
      status: 'fail',
      timing: undefined,
      assertions: 0,
    });
    expect(error).toMatchObject({ code: 'not-equal', at: { index: [0] } });
    expect(of('webgpu').timing).toBeDefined();
    expect(of('webgpu').metrics).not.toHaveProperty('ratio');
  });

  test.each(['webgpu', 'ceiling'] as const)(
    'that is %s fails where one of its settings is wrong',
    async (name) => {
      const { of } = await ran([{ ...OURS, name, errors: { captured: 1e-3 } }]);
      expect(of(name)).toMatchObject({
        status: 'fail',
        assertions: 0,
        error: { code: 'not-equal', message: expect.stringMatching(/^captured: /) },
      });
      expect(of(name)).not.toHaveProperty('timing');
      expect(verdictOf(of(name))).toBe('wrong');
    },
  );

  test('that is ours fails where its device tells an error in one setting', async () => {
    const told: string[] = [];
    const onRun = (setting: string) => void (setting === 'eager' && told.push('too small'));
    const { of } = await ran([{ ...OURS, onRun }], { takeGpuError: () => told.splice(0)[0] });
    expect(of('webgpu')).toMatchObject({ status: 'error', error: { code: 'gpu-uncaptured' } });
    expect(of('webgpu')).not.toHaveProperty('timing');
  });

  test.each([
    new CaptureError('capture-read', 'it reads a loss'),
    new OutOfMemoryError(8, 0, 'the device has no room'),
  ])('that is ours is timed without a setting that cannot be had: $code', async (error) => {
    const { of } = await ran([{ ...OURS, throws: { captured: error } }]);
    expect(of('webgpu')).toMatchObject({
      status: 'pass',
      setting: 'eager',
      finding: { code: 'setting-not-timed', message: `not timed: captured: ${error.message}` },
    });
  });

  test('that is a library is timed without the setting that is wrong', async () => {
    const errors = { a: 1e-3 };
    const { of } = await ran([{ name: 'ort-webgpu', settings: { a: 1, b: 2 }, errors }]);
    expect(of('ort-webgpu')).toMatchObject({
      status: 'pass',
      setting: 'b',
      finding: { code: 'setting-not-timed', message: expect.stringMatching(/^not timed: a: /) },
    });
  });

  test('that throws is an error with what it said', async () => {
    const throws = { jit: new Error('no such backend') };
    const { of } = await ran([OURS, { name: 'jax-webgpu', settings: { jit: 1 }, throws }]);
    expect(of('jax-webgpu')).toMatchObject({
      status: 'error',
      error: { code: 'exception', message: 'no such backend' },
    });
  });

  test('whose device tells an error that nothing caught is not timed', async () => {
    const told: string[] = [];
    const jax: Script = {
      name: 'jax-webgpu',
      settings: { jit: 1 },
      onRun: () => told.push('a buffer is too small'),
    };
    const { of } = await ran([OURS, jax], { takeGpuError: () => told.splice(0)[0] });
    expect(of('jax-webgpu')).toMatchObject({
      status: 'error',
      error: { code: 'gpu-uncaptured', message: expect.stringContaining('a buffer is too small') },
    });
    expect(of('jax-webgpu')).not.toHaveProperty('timing');
    expect(of('webgpu')).toMatchObject({ status: 'pass' });
  });

  test('whose device tells an error in the midst of the rounds loses its time', async () => {
    const told: string[] = [];
    let runs = 0;
    const jax: Script = {
      name: 'jax-webgpu',
      settings: { jit: 30 },
      onRun: () => void (++runs === 9 && told.push('lost')),
    };
    const { of } = await ran([OURS, jax], { takeGpuError: () => told.splice(0)[0] });
    expect(of('jax-webgpu')).toMatchObject({ status: 'error', error: { code: 'gpu-uncaptured' } });
    expect(of('jax-webgpu')).not.toHaveProperty('timing');
    expect(of('webgpu').timing?.samples).toBe(5);
    expect(of('webgpu').metrics).not.toHaveProperty('ratio');
  });

  test('is not asked for a large work where the adapter is a processor', async () => {
    const runs: string[] = [];
    const script = { ...OURS, onRun: (setting: string) => runs.push(setting) };
    const works = [{ ...work, isLarge: true }];
    const { results } = await ran([script], { works, isProcessor: true });
    expect(results).toMatchObject([
      { id: work.id, status: 'skip', skip: { code: 'slow-adapter' } },
    ]);
    expect(results[0]).not.toHaveProperty('timing');
    expect(runs).toEqual([]);
    expect((await ran([script], { works })).of('webgpu').status).toBe('pass');
  });

  test('that does not know the work is skipped with its reason', async () => {
    const { of } = await ran([OURS], (time) => ({
      contenders: [
        { ...scripted(time, OURS), settingsFor: () => ({ reason: 'it has no training' }) },
      ],
    }));
    expect(of('webgpu')).toMatchObject({
      status: 'skip',
      skip: { code: 'not-implemented', detail: 'it has no training' },
    });
  });

  test('has only settings tried whose name has the text that was asked for', async () => {
    const options = { ...DEFAULT_BENCH_OPTIONS, settings: { webgpu: 'eag' } };
    const other = { ...work, id: 'bench.relu:f32;n=5' };
    const { results } = await ran([], (time) => ({
      options,
      works: [work, other],
      contenders: [
        {
          ...scripted(time, OURS),
          settingsFor: (of) => (of === work ? ['captured', 'eager'] : ['captured']),
        },
      ],
    }));
    expect(results.map(({ tried }) => Object.keys(tried ?? {}))).toEqual([['eager'], ['captured']]);
  });

  test.each([
    [
      { webgpu: 'eagr' },
      'setting webgpu=eagr: no work of the run has one: there are captured; eager',
    ],
    [
      { 'jax-webgpu': 'jit' },
      'setting jax-webgpu=jit: it takes no part: there are webgpu, ceiling',
    ],
    [{ ceiling: 'copy' }, 'setting ceiling=copy: no work of the run has one: there are none'],
  ])('is not timed where %o would change nothing', async (settings, says) => {
    const runs: string[] = [];
    const timed = ran([], (time) => ({
      options: { ...DEFAULT_BENCH_OPTIONS, settings },
      contenders: [
        scripted(time, { ...OURS, onRun: (setting) => runs.push(setting) }),
        { ...scripted(time, OURS), name: 'ceiling', settingsFor: () => ({ reason: 'none' }) },
      ],
    }));
    await expect(timed).rejects.toThrow(says);
    expect(runs).toEqual([]);
  });

  test('has variants timed beside its choice where that is asked for, and none stands for it', async () => {
    const settings = { captured: 4, eager: 5, 'variant slow': 20, 'variant quick': 2.5 };
    const script: Script = { name: 'webgpu', settings };
    const peer: Script = { name: 'jax-webgpu', settings: { default: 8 } };
    expect(Object.keys((await ran([script])).of('webgpu').tried ?? {})).toHaveLength(2);
    const options = { ...DEFAULT_BENCH_OPTIONS, variants: true };
    const { setting, tried, timing, metrics, series, kernels } = (
      await ran([script, peer], { options })
    ).of('webgpu');
    expect([setting, timing?.medianMs, metrics?.['ratio']]).toEqual([
      ...['captured', expect.closeTo(4), expect.closeTo(2)],
    ]);
    expect(tried).toMatchObject({
      ...{ eager: expect.closeTo(5), 'variant quick': expect.closeTo(2.5) },
    });
    expect(metrics?.['ofFastestVariant']).toBeCloseTo(2);
    expect(metrics).not.toHaveProperty('variant quickCommands');
    expect(series?.['ms of variant slow']).toHaveLength(5);
    expect(kernels).toEqual(['kernel-of-captured', 'kernel-of-eager']);
  });

  test('has no variant timed that comes to the same kernels', async () => {
    const settings = { captured: 4, eager: 5, 'variant same': 2, 'variant other': 10 };
    const kernels = { eager: 'tile', 'variant same': 'tile' };
    const options = { ...DEFAULT_BENCH_OPTIONS, variants: true };
    const { tried, metrics } = (await ran([{ name: 'webgpu', settings, kernels }], { options })).of(
      'webgpu',
    );
    expect(Object.keys(tried ?? {})).toEqual(['captured', 'eager', 'variant other']);
    expect(metrics?.['ofFastestVariant']).toBeCloseTo(0.5);
  });

  test('that is ours fails where a variant beside its choice is wrong', async () => {
    const settings = { captured: 4, eager: 5, 'variant wrong': 1 };
    const script: Script = { name: 'webgpu', settings, errors: { 'variant wrong': 1 } };
    const options = { ...DEFAULT_BENCH_OPTIONS, variants: true };
    const { status, error } = (await ran([script], { options })).of('webgpu');
    expect([status, error?.message]).toEqual(['fail', expect.stringMatching(/^variant wrong: /)]);
  });

  test('of many settings races with those near the fastest alone', async () => {
    const settings = { a: 1, b: 1.1, c: 3, d: 9 };
    const runs: string[] = [];
    const { of } = await ran([
      { name: 'ort-webgpu', settings, onRun: (setting) => runs.push(setting) },
    ]);
    expect(Object.keys(of('ort-webgpu').tried ?? {})).toEqual(['a', 'b', 'c', 'd']);
    expect(new Set(runs.slice(-10))).toEqual(new Set(['a', 'b']));
  });

  test.each(['webgpu', 'ort-webgpu', 'ceiling'] as const)(
    'that is %s races with a setting too that was faster when it was tried than what was raced',
    async (name) => {
      for (const [raced, setting] of [
        [15, 'c'],
        [30, 'a'],
      ] as const) {
        let isRace = false;
        const inRace: string[] = [];
        let last = '';
        const settings = {
          ...{ a: () => (isRace ? 20 : 10), b: 90, c: () => (isRace ? raced : 15), d: 21 },
        };
        const onRun = (running: string) => {
          isRace ||= running === 'a' && last === 'd';
          last = running;
          if (isRace) inRace.push(running);
        };
        const { of } = await ran([{ name, settings, onRun }]);
        const { tried, timing, series } = of(name);
        expect([of(name).setting, timing?.medianMs]).toEqual([
          ...[setting, expect.closeTo(Math.min(20, raced), 4)],
        ]);
        expect(tried).toEqual({
          ...{ a: expect.closeTo(20, 4), b: expect.closeTo(90, 4) },
          ...{ c: expect.closeTo(raced, 4), d: expect.closeTo(21, 4) },
        });
        // Five rounds of the first race, and five in turn of both.
        expect(series?.[setting === 'a' ? 'ms' : 'ms of a']).toHaveLength(10);
        expect(series?.[setting === 'c' ? 'ms' : 'ms of c']).toHaveLength(5);
        expect(inRace).not.toContain('b');
      }
    },
  );

  test('that is a library keeps its figure where a faster setting breaks as it returns', async () => {
    let isRace = false;
    const runs: string[] = [];
    const onRun = (running: string) => {
      isRace ||= running === 'a' && runs.at(-1) === 'c';
      if (isRace && running === 'c') throw new Error('out of room');
      runs.push(running);
    };
    const settings = { a: () => (isRace ? 20 : 10), b: 90, c: 15 };
    const { setting, tried, finding } = (await ran([{ name: 'ort-webgpu', settings, onRun }])).of(
      'ort-webgpu',
    );
    expect([setting, Object.keys(tried ?? {})]).toEqual(['a', ['a', 'b']]);
    expect(finding).toEqual({ code: 'setting-not-timed', message: 'not timed: c: out of room' });
  });
});

describe('rounds are left out', () => {
  test('where the tab was hidden', async () => {
    let looks = 0;
    const isHidden = () => ++looks <= 3;
    const { of } = await ran([OURS], { isHidden });
    expect(of('webgpu').metrics).toMatchObject({ hiddenRounds: 1 });
    expect(of('webgpu').timing?.samples).toBe(5);
  });

  test('where the machine was slowed down', async () => {
    let pulses = 0;
    let slow = 1;
    const settings = { captured: () => 30 * slow };
    const { of } = await ran([{ name: 'webgpu', settings }], (time) => ({
      pulse: async () => {
        pulses++;
        time.pass(2 * slow);
        // From the seventh round on for two rounds.
        slow = pulses === 6 || pulses === 7 ? 3 : 1;
      },
      options: { ...DEFAULT_BENCH_OPTIONS, samples: 9 },
      works: [work, { ...work, id: 'bench.relu:f32;n=5' }],
    }));
    expect(of('webgpu').series?.['ms']?.every((ms) => ms !== null && ms < 31)).toBe(true);
  });
});

test('a cancelled bench keeps what is done, and says that it is not complete', async () => {
  const cancelled = new AbortController();
  const works: readonly Work[] = [work, { ...work, id: 'bench.relu:f32;n=5' }];
  const script = { ...OURS, onRun: () => void (events.length > 3 && cancelled.abort()) };
  const events: BenchEvent[] = [];
  const time = new ScriptedTime();
  const { results, complete } = await runBench(
    {
      works,
      contenders: [scripted(time, script)],
      options: DEFAULT_BENCH_OPTIONS,
      now: time.now,
      quantumMs: 1,
      signal: cancelled.signal,
    },
    (event) => events.push(event),
  );
  expect(events.map(({ type }) => type)).toEqual(['start', 'work', 'results', 'work', 'end']);
  expect(results.map(({ id }) => id)).toEqual([work.id]);
  expect(complete).toBe(false);
});
