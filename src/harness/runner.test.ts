import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { covers } from '../catalog/covers.ts';
import { FormatError } from '../formats/format-error.ts';
import { writeSafetensors } from '../formats/safetensors/write.ts';
import { DEFAULT_RUN_OPTIONS, type RunOptions } from '../report/run-options.ts';
import type { Report } from '../report/schema.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { suite } from '../testing/suite.ts';
import type { RunEvent, Unfinished } from './events.ts';
import { EmptySelectionError, type RunnerHost, run, UnusableError } from './runner.ts';
import { startNodeWorker } from './worker/node-link.ts';

/** The runner over real child processes; each does what the name of its case says. */

const WORKER = fileURLToPath(new URL('./runner/fixtures/worker.mjs', import.meta.url));
const ENVIRONMENT = {
  runtime: 'node',
  runtimeVersion: '20',
  os: 'linux',
  cores: 2,
  features: [],
  limits: {},
  tuning: {},
  adapter: { vendor: 'none', architecture: '', device: '', description: '', isFallback: true },
  probe: { rounding: 'nearest' },
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runner-'));
  writeFileSync(join(folder, 'log'), '');
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Scenario {
  readonly cases: readonly string[];
  readonly options?: Partial<RunOptions>;
  readonly env?: Readonly<Record<string, string>>;
  /** Environment of the n-th worker that is started, from 0. */
  readonly envOf?: (n: number) => Readonly<Record<string, string>>;
  readonly host?: Partial<RunnerHost>;
  /** Called when a worker with a GPU process of its own is asked for. */
  readonly onOwnGpu?: () => void;
  readonly listen?: (event: RunEvent) => void;
}

async function play({ cases, options, env, envOf, host, onOwnGpu, listen }: Scenario): Promise<{
  report: Report;
  events: RunEvent[];
  log: string[];
  /** How many workers were asked to have a GPU process of their own. */
  withOwnGpu: number;
}> {
  const declared = suite('fixture', { description: 'scripted' });
  for (const name of cases) {
    const [word = '', n] = name.split(' ');
    declared
      .case(word, n ? { n: [n] } : {})
      .timeout(1500)
      .control('scripted', () => {})
      .run(() => Promise.resolve());
  }
  const events: RunEvent[] = [];
  let started = 0;
  const startWorker = () => {
    const shared = {
      ENVIRONMENT: JSON.stringify(ENVIRONMENT),
      LOG: join(folder, 'log'),
      STATE: folder,
      PATH: process.env['PATH'],
    };
    return startNodeWorker(WORKER, { ...shared, ...env, ...envOf?.(started++) });
  };
  let withOwnGpu = 0;
  const startWithOwnGpu = () => {
    withOwnGpu++;
    onOwnGpu?.();
    return startWorker();
  };
  const all = new Map(declared.cases.map((one) => [`${one.id} ${one.backend}`, one]));
  const report = await run(
    { cases: all, startWorker, startWithOwnGpu, ...host },
    { ...DEFAULT_RUN_OPTIONS, workers: 1, ...options },
    (event) => {
      events.push(event);
      listen?.(event);
    },
  );
  const log = readFileSync(join(folder, 'log'), 'utf8').trim().split('\n');
  return { report, events, log, withOwnGpu };
}

const statuses = ({ results }: Report) =>
  Object.fromEntries(results.map(({ id, status }) => [id.replace('fixture:', ''), status]));
const alive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
/** Waits for the processes of a log to be gone: a killed one takes a moment. */
async function gone(log: readonly string[]): Promise<void> {
  const pids = [...new Set(log.map((line) => Number(line.split(' ')[0])))];
  await expect.poll(() => pids.filter(alive), { timeout: 5000 }).toEqual([]);
}

test('every case gets one result, over several workers, and every worker is ended', async () => {
  const cases = Array.from({ length: 9 }, (_, n) => `pass ${n}`);
  const { report, events, log } = await play({
    cases: [...cases, 'skip', 'fail'],
    options: { workers: 3 },
  });
  expect(report.summary).toMatchObject({ total: 11, passed: 9, skipped: 1, failed: 1 });
  expect(report.run.complete).toBe(true);
  expect([events.at(0)?.type, events.at(1)?.type, events.at(-1)?.type]).toEqual([
    'environment',
    'start',
    'end',
  ]);
  const ends = events.filter((event) => event.type === 'case-end');
  expect(ends.map(({ done }) => done)).toEqual(ends.map((_, i) => i + 1));
  expect(ends.at(-1)).toMatchObject({ total: 11, remainingMs: 0 });
  expect(new Set(log.map((line) => line.split(' ')[0])).size).toBe(3);
  await gone(log);
});

test('every worker gets the table by which it chooses variants, with each device', async () => {
  const { report, log } = await play({
    cases: ['pass', 'die', 'lost', 'pass 2'],
    options: { workers: 2 },
    host: { tuned: [{ variant: 'a' }, { variant: 'b' }] },
  });
  expect(log.filter((line) => line.endsWith(' start')).length).toBeGreaterThan(3);
  expect(report.environments.map(({ tuning }) => tuning)).toEqual([{ 1: 'a', 2: 'b' }]);
});

test('a worker that dies twice of one case loses that case and is replaced', async () => {
  const { report } = await play({ cases: ['die', 'killed', 'pass 1', 'pass 2'] });
  expect(statuses(report)).toEqual({
    die: 'lost',
    killed: 'pass',
    'pass;n=1': 'pass',
    'pass;n=2': 'pass',
  });
  expect(report.results.map(({ attempts, finding }) => [attempts, finding])).toEqual([
    [2, undefined],
    [2, undefined],
    [1, undefined],
    [1, undefined],
  ]);
  expect(report.results.find(({ status }) => status === 'lost')).toMatchObject({
    error: {
      code: 'worker-died',
      message: expect.stringMatching(/^the worker process ended with status 7: /),
    },
    control: { status: 'not-run' },
    assertions: 0,
  });
});

test('a death beside other cases says nothing about the case: it runs again alone, and dies twice there before it is lost', async () => {
  const { report } = await play({
    cases: ['struck', 'die', 'pass 1', 'pass 2'],
    options: { workers: 2 },
  });
  expect(statuses(report)).toEqual({
    struck: 'pass',
    die: 'lost',
    'pass;n=1': 'pass',
    'pass;n=2': 'pass',
  });
  expect(report.results.map(({ attempts }) => attempts)).toEqual([3, 1, 1, 3]);
});

test.each([undefined, {}])(
  'a worker that has no device for a case just then says nothing about the case: shared GPU %o',
  async (sharedGpu) => {
    const { report } = await play({
      cases: ['unmet', 'pass'],
      host: sharedGpu ? { sharedGpu } : {},
    });
    expect(report.results.map(({ id, status, attempts }) => [id, status, attempts])).toEqual([
      ['fixture:pass', 'pass', 1],
      ['fixture:unmet', 'pass', 2],
    ]);
  },
);

test(
  'a case that hangs is timed out, its process killed, and the run goes on in another',
  covers('tb.utilities.timeout/node-child-replaced').control(
    'the run goes on in the process that was killed',
    {
      file: 'src/harness/runner/run.ts',
      from: 'return this.#restartWorker(worker);',
      to: 'return worker;',
    },
  ),
  async () => {
    const { report, log } = await play({ cases: ['hang', 'pass'], options: { timeoutMs: 100 } });
    expect(statuses(report)).toEqual({ hang: 'timeout', pass: 'pass' });
    expect(report.results[0]?.error).toEqual({
      code: 'timeout',
      message: expect.stringMatching(/^no result within 100 ms: run it alone/),
    });
    expect(new Set(log.map((line) => line.split(' ')[0])).size).toBe(2);
    await gone(log);
  },
);

/** Crashes what the fixture's workers share. */
function sharedGpu(): {
  readonly crash: (id: string) => Promise<void>;
  readonly crashed: string[];
} {
  const crashed: string[] = [];
  const crash = async (id: string) => {
    crashed.push(id);
    rmSync(join(folder, 'stuck'), { force: true });
  };
  return { crash, crashed };
}

const passing = (count: number) => Array.from({ length: count }, (_, n) => `pass ${n + 1}`);
const HARDWARE = { ...ENVIRONMENT, adapter: { ...ENVIRONMENT.adapter, isFallback: false } };

test.each([
  ['many cases on a processor', 500, ENVIRONMENT, 2],
  ['fewer', 499, ENVIRONMENT, 0],
  ['many on hardware', 500, HARDWARE, 0],
])(
  '%s: further workers with a GPU process of their own are counted',
  async (_, count, place, own) => {
    const { report, withOwnGpu } = await play({
      cases: passing(count),
      options: { workers: 3 },
      env: { ENVIRONMENT: JSON.stringify(place) },
    });
    expect([report.summary.passed, withOwnGpu]).toEqual([count, own]);
  },
  30_000,
);

test('where the adapter is known to be a fallback one, workers with a GPU process of their own start with the first', async () => {
  const order: string[] = [];
  const { report, log } = await play({
    cases: passing(500),
    options: { workers: 2 },
    onOwnGpu: () => order.push('own'),
    host: { hasFallbackAdapter: () => true },
    listen: ({ type }) => order.push(type),
  });
  expect(report.summary.passed).toBe(500);
  expect([order[0], new Set(log.map((line) => line.split(' ')[0])).size]).toEqual(['own', 2]);
  await gone(log);
}, 30_000);

test('a worker that started early ends when the first finds no device', async () => {
  const playing = play({
    cases: passing(500),
    options: { workers: 2 },
    host: { hasFallbackAdapter: () => true },
    envOf: (n) => (n === 0 ? {} : { START: 'unusable' }),
  });
  await expect(playing).rejects.toThrow('there is no adapter any more');
  await gone(readFileSync(join(folder, 'log'), 'utf8').trim().split('\n'));
}, 30_000);

test('a hang that leaves the GPU process alive crashes nothing', async () => {
  const gpu = sharedGpu();
  const { report } = await play({
    cases: ['hang', 'slow 1', 'slow 2'],
    options: { workers: 2 },
    host: { sharedGpu: gpu },
  });
  expect(statuses(report)).toEqual({ hang: 'timeout', 'slow;n=1': 'pass', 'slow;n=2': 'pass' });
  expect(gpu.crashed).toEqual([]);
});

test('when a hang takes the GPU process, it is crashed, what ran meanwhile runs again alone, and only the cause is blamed', async () => {
  const gpu = sharedGpu();
  const cases = ['hog', 'hang', 'slow 1', 'slow 2', 'pass 1'];
  const { report, events } = await play({
    cases,
    options: { workers: 2 },
    host: { sharedGpu: gpu },
  });
  expect(statuses(report)).toEqual({
    hog: 'timeout',
    hang: 'timeout',
    'slow;n=1': 'pass',
    'slow;n=2': 'pass',
    'pass;n=1': 'pass',
  });
  expect(gpu.crashed).toHaveLength(2); // once for the cases that ran, once for the cause alone
  expect(events.filter(({ type }) => type === 'hang')).toHaveLength(2);
  const attempts = Object.fromEntries(
    report.results.map(({ id, attempts: n }) => [id.replace('fixture:', ''), n]),
  );
  expect(attempts).toMatchObject({ hog: 2, hang: 2, 'pass;n=1': 1 });
  expect(report.results.every(({ finding }) => finding === undefined)).toBe(true);
}, 40_000);

test('a case beside a crash is run again alone, which counts as an attempt and not as flaky; the cause is lost', async () => {
  const { report } = await play({
    cases: ['beside', 'crasher', 'pass 1'],
    options: { workers: 2, retries: 0 },
    host: { sharedGpu: {} },
  });
  expect(
    report.results.map(({ id, status, attempts, finding }) => [id, status, attempts, finding]),
  ).toEqual([
    ['fixture:beside', 'pass', 2, undefined],
    ['fixture:crasher', 'lost', 3, undefined],
    ['fixture:pass;n=1', 'pass', 1, undefined],
  ]);
});

/** The cases and controls that workers were given, in order. */
const givenIn = (log: readonly string[]) =>
  log.flatMap((line) => / ((?:case|control) .*)$/.exec(line)?.[1]?.replace('fixture:', '') ?? []);

test.each([
  [0, 'fail', undefined, 2],
  [1, 'pass', 'flaky', 3],
])(
  'a crash beside a case takes none of its %d retries: it runs again once all others have, and once',
  async (retries, status, finding, times) => {
    const { report, log } = await play({
      cases: ['shaken', 'crasher', 'pass 1', 'pass 2'],
      options: { workers: 2, retries },
      host: { sharedGpu: {} },
    });
    const [, , , shaken] = report.results;
    expect(shaken).toMatchObject({ id: 'fixture:shaken', status, attempts: times });
    expect(shaken?.finding?.code).toBe(finding);
    expect(report.results.map(({ status: each }) => each).slice(0, 3)).toEqual([
      'lost',
      'pass',
      'pass',
    ]);
    const given = givenIn(log);
    expect(given.slice(0, 4).sort()).toEqual([
      'case crasher',
      'case pass;n=1',
      'case pass;n=2',
      'case shaken',
    ]);
    expect(given.filter((one) => one === 'case shaken')).toHaveLength(times);
    expect(given.filter((one) => one.startsWith('case pass'))).toHaveLength(2);
  },
);

test('a crash beside a control runs its case again alone, with the control', async () => {
  const { report, log } = await play({
    cases: ['brushed', 'red'],
    options: { workers: 2, retries: 0, controls: true },
    host: { sharedGpu: {} },
  });
  expect(report.results).toMatchObject([
    { id: 'fixture:brushed', status: 'pass', attempts: 2, control: { status: 'red' } },
    { id: 'fixture:red', status: 'pass', attempts: 1, control: { status: 'red' } },
  ]);
  expect(givenIn(log).filter((one) => one.endsWith('brushed'))).toEqual([
    'case brushed',
    'control brushed',
    'case brushed',
    'control brushed',
  ]);
});

test('a case that ends without news of the GPU process runs again alone, since another may have hung it', async () => {
  const { report } = await play({
    cases: ['mute', 'muted', 'pass 1'],
    options: { workers: 2 },
    host: { sharedGpu: {} },
  });
  expect(
    report.results.map(({ id, status, error, attempts }) => [id, status, error?.code, attempts]),
  ).toEqual([
    ['fixture:mute', 'error', 'scope-timeout', 2],
    ['fixture:muted', 'pass', undefined, 2],
    ['fixture:pass;n=1', 'pass', undefined, 1],
  ]);
});

test('where nothing can end a hang, the run ends with what is needed to go on, and goes on from there', async () => {
  const cases = ['hog', 'pass 1', 'pass 2', 'pass 3'];
  const { report, events } = await play({
    cases,
    host: { sharedGpu: {} },
    options: { workers: 2 },
  });
  expect(report.run.complete).toBe(false);
  const hang = events.find((event) => event.type === 'hang');
  expect(hang).toMatchObject({
    id: 'fixture:hog',
    unfinished: { begun: { 'fixture:hog webgpu': 1 } },
  });
  rmSync(join(folder, 'stuck'));
  const resume = structuredClone(hang?.unfinished) as Unfinished;
  const second = await play({ cases, host: { sharedGpu: {}, resume }, options: { workers: 2 } });
  expect(statuses(second.report)).toEqual({
    hog: 'timeout',
    'pass;n=1': 'pass',
    'pass;n=2': 'pass',
    'pass;n=3': 'pass',
  });
  expect(second.report.results[0]?.attempts).toBe(2);
  expect(second.report.run.complete).toBe(true);
  const reran = second.log.filter((line) => line.includes(' case fixture:pass')).length;
  expect(reran).toBe(3); // the log is that of both runs: no passed case ran twice
}, 40_000);

test('the deadline of a run ends it, with a result for every case', async () => {
  const started = performance.now();
  const { report, log } = await play({
    cases: ['pass', 'hang', 'slow'],
    options: { timeoutMs: 60_000, deadlineMs: 4_000 },
  });
  expect(performance.now() - started).toBeLessThan(30_000);
  const of = (name: string) => report.results.find(({ id }) => id === `fixture:${name}`);
  expect(of('hang')).toMatchObject({ status: 'timeout', error: { code: 'run-deadline' } });
  expect(of('slow')).toMatchObject({
    status: 'lost',
    error: { code: 'run-deadline' },
    attempts: 0,
  });
  expect(of('pass')).toMatchObject({
    status: 'lost',
    error: { code: 'run-deadline', message: expect.stringContaining('--deadline') },
  });
  await gone(log);
});

test('a crash that never ends does not outlive the deadline', async () => {
  const crash = () => new Promise<void>(() => {});
  const { report } = await play({
    cases: ['hog'],
    host: { sharedGpu: { crash } },
    options: { deadlineMs: 6_500 },
  });
  expect(report.results[0]).toMatchObject({ status: 'timeout' });
}, 20_000);

test('a worker that throws says what it threw', async () => {
  const { report } = await play({ cases: ['throw', 'pass'] });
  expect(statuses(report)).toEqual({ throw: 'lost', pass: 'pass' });
  expect(report.results[1]?.error).toMatchObject({
    code: 'worker-threw',
    message: expect.stringMatching(/^the worker threw: oops/),
  });
});

test('a case that runs while the page is hidden says so', async () => {
  const { report } = await play({ cases: ['pass'], host: { isHidden: () => true } });
  expect(report.results[0]).toMatchObject({ status: 'pass', finding: { code: 'tab-hidden' } });
});

test('a lost device is renewed in the same worker, outside the time limit of the next case', async () => {
  const { report, log } = await play({
    cases: ['lost', 'pass'],
    options: { timeoutMs: 200 },
    env: { RENEWAL_MS: '500' },
  });
  expect(statuses(report)).toEqual({ lost: 'lost', pass: 'pass' });
  expect(new Set(log.map((line) => line.split(' ')[0])).size).toBe(1);
});

test('when no device is available any more, the remaining cases are lost and nothing is green', async () => {
  const { report } = await play({
    cases: ['lost', 'pass 1', 'pass 2'],
    envOf: (n) => (n === 0 ? { START: 'once' } : { START: 'unusable' }),
  });
  expect(report.summary).toMatchObject({ passed: 0, lost: 3 });
}, 15_000);

test.each(['unusable', 'die'])(
  'a run whose first worker gets no device is tried again: %s',
  async (START) => {
    const { report } = await play({ cases: ['pass'], envOf: (n) => (n < 2 ? { START } : {}) });
    expect(report.summary).toMatchObject({ total: 1, passed: 1 });
  },
);

test.each([
  ['unusable', 'no-adapter'],
  ['die', 'no-device'],
])('without any device the run fails: %s', async (START, code) => {
  const failure = play({ cases: ['pass'], env: { START } });
  await expect(failure).rejects.toThrow(UnusableError);
  await expect(failure).rejects.toMatchObject({ code });
});

test('a further worker that gets no device only makes the run slower', async () => {
  const { report } = await play({
    cases: ['pass 1', 'pass 2', 'pass 3'],
    options: { workers: 2 },
    envOf: (n) => (n === 0 ? {} : { START: 'unusable' }),
  });
  expect(report.summary).toMatchObject({ total: 3, passed: 3 });
});

test('cancelling gives a partial report at once and ends the processes', async () => {
  const cancelled = new AbortController();
  const { report, events, log } = await play({
    cases: ['pass 1', 'pass 2', 'slow', 'slow 2'],
    host: { signal: cancelled.signal },
    listen: (event) =>
      event.type === 'case-start' && event.id.includes('slow') && cancelled.abort(),
  });
  expect(report.run.complete).toBe(false);
  expect(statuses(report)).toEqual({ 'pass;n=1': 'pass', 'pass;n=2': 'pass' });
  expect(events.at(-1)?.type).toBe('end');
  await gone(log);
});

test('cancelling while workers start gives an empty report', async () => {
  const cancelled = new AbortController();
  setTimeout(() => cancelled.abort(), 50);
  const { report } = await play({
    cases: ['pass'],
    env: { START: 'silent' },
    host: { signal: cancelled.signal },
  });
  expect(report).toMatchObject({ run: { complete: false }, results: [] });
});

test('a case is retried until it passes or its attempts are used up', async () => {
  const { report } = await play({ cases: ['flaky', 'fail', 'skip'], options: { retries: 2 } });
  expect(report.results.map(({ id, status, attempts }) => [id, status, attempts])).toEqual([
    ['fixture:fail', 'fail', 3],
    ['fixture:flaky', 'pass', 2],
    ['fixture:skip', 'skip', 1],
  ]);
  expect(report.results.map(({ finding }) => finding)).toEqual([
    undefined,
    { code: 'flaky', message: 'passed after it had failed once; scripted: scripted fail' },
    undefined,
  ]);
});

test('a failure stands after its worker is gone, as flaky if the case passes then', async () => {
  const { report, events } = await play({ cases: ['failing', 'doomed'], options: { retries: 1 } });
  const scripted = { code: 'scripted', message: 'scripted fail' };
  expect(report.results).toMatchObject([
    { id: 'fixture:doomed', status: 'fail', error: scripted, attempts: 3 },
    {
      id: 'fixture:failing',
      status: 'pass',
      finding: { code: 'flaky', message: expect.stringContaining('scripted fail') },
      attempts: 3,
    },
  ]);
  const told = events.filter((event) => event.type === 'case-failed');
  expect(told.map(({ failure }) => [failure.id, failure.status, failure.attempts])).toEqual([
    ['fixture:doomed', 'fail', 1],
    ['fixture:failing', 'fail', 1],
  ]);
});

test('a failure stands where no device is left to try the case again, or no time', async () => {
  const cases = ['vanishing', 'pass'];
  const late = await play({ cases, options: { retries: 1, timeoutMs: 60_000, deadlineMs: 4000 } });
  expect(late.report.results).toMatchObject([
    { id: 'fixture:pass', status: 'pass' },
    { id: 'fixture:vanishing', status: 'fail', error: { code: 'scripted' }, attempts: 2 },
  ]);
  expect(late.report.results[1]).not.toHaveProperty('artifacts');
  const none = await play({
    cases: ['doomed'],
    options: { retries: 1 },
    envOf: (n) => ({ START: n > 0 ? 'unusable' : 'ready' }),
  });
  expect(none.report.results).toMatchObject([
    { id: 'fixture:doomed', status: 'fail', error: { code: 'scripted' }, attempts: 2 },
  ]);
});

test('a run that goes on after a reload knows the earlier failures of its cases', async () => {
  const scenario = { cases: ['hogging', 'pass 1', 'pass 2'], options: { retries: 1, workers: 2 } };
  const { events } = await play({ ...scenario, host: { sharedGpu: {} } });
  const hang = events.find((event) => event.type === 'hang');
  rmSync(join(folder, 'stuck'));
  const resume = structuredClone(hang?.unfinished) as Unfinished;
  const { report } = await play({ ...scenario, host: { sharedGpu: {}, resume } });
  expect(report.results[0]).toMatchObject({
    id: 'fixture:hogging',
    status: 'pass',
    finding: { code: 'flaky' },
    attempts: 3,
  });
});

test('controls are red by a failed assertion alone, and run for passing cases alone', async () => {
  const { report, log } = await play({
    cases: ['red', 'broken', 'stuck', 'pass', 'fail', 'skip'],
    options: { controls: true, timeoutMs: 150 },
  });
  expect(
    Object.fromEntries(
      report.results.map(({ id, control }) => [id.replace('fixture:', ''), control?.status]),
    ),
  ).toEqual({
    red: 'red',
    broken: 'green',
    stuck: 'green',
    pass: 'green',
    fail: 'not-run',
    skip: 'not-run',
  });
  expect(log.filter((line) => line.includes(' control '))).toHaveLength(4);
});

test('a worker that refuses a case makes it an error', async () => {
  const { report } = await play({ cases: ['refuse', 'pass'] });
  expect(report.results[1]).toMatchObject({ status: 'error', error: { code: 'unknown-case' } });
});

test('shuffling is an order that the seed decides', async () => {
  const cases = Array.from({ length: 12 }, (_, n) => `pass ${n}`);
  const order = async (options: Partial<RunOptions>) => {
    const { events } = await play({ cases, options });
    return events.flatMap((event) => (event.type === 'case-start' ? [event.id] : []));
  };
  const plain = await order({});
  const one = await order({ shuffle: true, seed: 1 });
  const again = await order({ shuffle: true, seed: 1 });
  const two = await order({ shuffle: true, seed: 2 });
  expect(again).toEqual(one);
  expect(new Set([plain, one, two].map(String)).size).toBe(3);
  expect([...two].sort()).toEqual([...plain].sort());
});

test('workers whose probes measured different times share one environment', async () => {
  const other = {
    ...ENVIRONMENT,
    probe: { ...ENVIRONMENT.probe, tookMs: 31, timestampQuantumNs: 65_536 },
  };
  const { report } = await play({
    cases: ['hang', 'pass'],
    options: { timeoutMs: 100 },
    envOf: (n) => (n === 0 ? {} : { ENVIRONMENT: JSON.stringify(other) }),
  });
  expect(report.environments).toHaveLength(1);
});

test('workers on different adapters are different environments', async () => {
  const other = { ...ENVIRONMENT, adapter: { ...ENVIRONMENT.adapter, vendor: 'other' } };
  const { report } = await play({
    cases: ['hang', 'pass'],
    options: { timeoutMs: 100 },
    envOf: (n) => (n === 0 ? {} : { ENVIRONMENT: JSON.stringify(other) }),
  });
  expect(report.environments.map(({ adapter }) => adapter.vendor)).toEqual(['none', 'other']);
  expect(report.results.map(({ env }) => env)).toEqual([0, 1]);
});

test('a filter that matches nothing is an error', async () => {
  await expect(play({ cases: ['pass'], options: { filters: ['nothing*'] } })).rejects.toThrow(
    EmptySelectionError,
  );
  await expect(
    play({ cases: ['pass'], options: { shard: { index: 2, count: 3 } } }),
  ).rejects.toThrow(/shard 2\/3 is empty: only 1 /);
});

test(
  'a filter that matches nothing names the three nearest',
  covers('triton.utilities.run-class-or-file/nearest-ids').control('only two are named', {
    file: 'src/harness/nearest.ts',
    from: 'const MOST = 3;',
    to: 'const MOST = 2;',
  }),
  async () => {
    const cases = ['pass 1', 'pass 10', 'pass 12', 'pass 9', 'pass 98', 'skip'];
    await expect(play({ cases, options: { filters: ['fixture:pass;n=9x'] } })).rejects.toThrow(
      'no case matches "fixture:pass;n=9x": did you mean "fixture:pass;n=9" or "fixture:pass;n=98" or "fixture:pass;n=1"? ',
    );
  },
);

test(
  'of a case that runs for several values, one is chosen by its id',
  covers('triton.utilities.parametrised-rows/selectable-by-value').control(
    'an id chooses those that begin with it, too',
    {
      file: 'src/harness/filter.ts',
      from: 'whole.has(text)',
      to: '[...whole].some((id) => text.startsWith(id))',
    },
  ),
  async () => {
    const cases = ['pass 1', 'pass 2', 'pass 11'];
    for (const n of [1, 2, 11]) {
      const { report } = await play({ cases, options: { filters: [`fixture:pass;n=${n}`] } });
      expect(report.results.map(({ id }) => id)).toEqual([`fixture:pass;n=${n}`]);
    }
  },
);

const bad = Uint8Array.of(1, 2, 3);
const bundle = writeSafetensors(
  { 'in.x': hostTensorFrom('f32', [2], [1, 2]), 'out.y': hostTensorFrom('f32', [2], [1, 2]) },
  { schema: 'parity-bundle/1', op: 'relu', params: '{}', producer: 'numpy 2.4.6' },
);

test('bundles are replayed beside the plan or alone, and their bytes reach the worker', async () => {
  const bundles = [
    { name: 'a/one.safetensors', bytes: bundle, direct: false },
    { name: 'b/one.safetensors', bytes: bundle, direct: false },
    { name: 'a/bad one.safetensors', bytes: bad, direct: false },
  ];
  const together = await play({ cases: ['pass'], host: { replay: { bundles, alone: false } } });
  expect(together.report.results.map(({ id }) => id)).toEqual([
    'fixture:pass',
    'parity.relu:one',
    'parity.relu:one~2',
    'parity.unreadable:bad_one',
  ]);
  expect(together.report.results[1]?.metrics).toEqual({
    bytes: bundle.reduce((sum, byte) => sum + byte, 0),
  });
  const alone = await play({ cases: ['pass'], host: { replay: { bundles, alone: true } } });
  expect(alone.report.results).toHaveLength(3);
  expect(alone.report.run.planHash).toBe(together.report.run.planHash);
});

test('a bad bundle that was named is refused before anything runs, and so is an empty folder', async () => {
  const named = {
    cases: ['pass'],
    host: {
      replay: { bundles: [{ name: 'bad.safetensors', bytes: bad, direct: true }], alone: true },
    },
  };
  await expect(play(named)).rejects.toThrow(/^bad.safetensors: 3 bytes are too few/);
  await expect(
    play({ cases: ['pass'], host: { replay: { bundles: [], alone: true } } }),
  ).rejects.toThrow(FormatError);
});
