import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { validateReport } from '../report/validate.ts';
import { UnusableError } from './runner/unusable.ts';
import type { TrainingControls } from './training/conversation.ts';
import { Pause } from './training/pause.ts';
import { Skip } from './training/skip.ts';
import { type TrainingEvent, type TrainingRequest, train } from './training.ts';
import { startNodeWorker } from './worker/node-link.ts';

/** Training over real child processes that follow a script. */

const WORKER = fileURLToPath(new URL('./training/fixtures/worker.mjs', import.meta.url));
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
const TEXT = Uint8Array.from({ length: 4096 }, (_, i) => i % 100);

async function play(
  behaviour: string,
  request: Partial<TrainingRequest> = {},
  abortAt?: (event: TrainingEvent) => boolean,
  { pause, skip }: TrainingControls = {},
) {
  const events: TrainingEvent[] = [];
  const abort = new AbortController();
  const env = {
    ENVIRONMENT: JSON.stringify(ENVIRONMENT),
    BEHAVIOUR: behaviour,
    PATH: process.env['PATH'],
  };
  const listen = (event: TrainingEvent) => {
    events.push(event);
    if (abortAt?.(event)) abort.abort();
  };
  const host = { cases: new Map(), startWorker: () => startNodeWorker(WORKER, env) };
  const { report, files } = await train(
    host,
    { text: TEXT, steps: 5, seed: 42, ...request },
    listen,
    abort.signal,
    { pause, skip },
  );
  return { report: validateReport(report, 'the report'), files, events };
}

test('the outcome, its files and its progress come back in a valid report', async () => {
  const { report, files, events } = await play('finish', { seed: 7 });
  expect(report).toMatchObject({
    kind: 'train',
    run: { complete: true, seed: 7, tier: 'full' },
    summary: { total: 1, passed: 1 },
  });
  expect(report.results[0]).toMatchObject({
    id: 'train.qlora:byte-mlp;seed=7;steps=5',
    env: 0,
    attempts: 1,
    metrics: { textBytes: 4096 },
  });
  expect(files.map(({ name, data }) => [name, [...data]])).toEqual([
    ['adapter_config.json', [0, 1, 2]],
  ]);
  expect(events.map(({ type }) => type)).toEqual(['environment', 'heldout', 'step', 'step', 'end']);
});

test('the worker gets the table by which it chooses variants', async () => {
  const { report } = await play('finish', { tuned: [{ variant: 'a' }, { variant: 'b' }] });
  expect(report.environments[0]?.tuning).toEqual({ 1: 'a', 2: 'b' });
});

test.each([
  ['die', 'lost', 'worker-died', /^the worker process ended with status 7 after step 2$/],
  ['refuse', 'error', 'device-lost', /^the device was lost after step 2$/],
])(
  'a worker that goes on with "%s" gives the status %s with the curves so far',
  async (behaviour, status, code, message) => {
    const { report, files } = await play(behaviour);
    expect(report.results[0]).toMatchObject({
      status,
      error: { code },
      series: { loss: [5.4, null], heldout: [5.5] },
    });
    expect(report.results[0]?.error?.message).toMatch(message);
    expect([report.run.complete, files]).toEqual([true, []]);
  },
);

test('a run waits from a pause until it is resumed', async () => {
  const pause = new Pause();
  const act = (event: TrainingEvent) => {
    if (event.type === 'step' && event.step === 2) pause.on = true;
    if (event.type === 'paused') pause.on = false;
    return false;
  };
  const { report, events } = await play('wait', {}, act, { pause });
  expect(events.map(({ type }) => type)).toEqual([
    'environment',
    'heldout',
    'step',
    'step',
    'paused',
    'resumed',
    'end',
  ]);
  expect(report.summary.passed).toBe(1);
});

test('what a run does after its steps is left out on request', async () => {
  const skip = new Skip();
  const act = (event: TrainingEvent) => {
    if (event.type === 'phase') skip.rest(event.phase);
    return false;
  };
  const { report, events } = await play('examine', {}, act, { skip });
  expect(events.at(-2)).toEqual({ type: 'phase', phase: 'examining', skippable: true });
  expect(report.results[0]?.metrics).toEqual({ skipped: 1 });
});

test('a cancelled run has a partial report and no files', async () => {
  const { report, files } = await play(
    'hang',
    {},
    (event) => event.type === 'step' && event.step === 2,
  );
  expect(report.run.complete).toBe(false);
  expect(report.results[0]).toMatchObject({
    status: 'error',
    error: { code: 'interrupted', message: 'the run was cancelled after step 2' },
  });
  expect(files).toEqual([]);
});

test('a run that is cancelled before it has a device has no result', async () => {
  const abort = new AbortController();
  const env = { BEHAVIOUR: 'never-ready', PATH: process.env['PATH'] };
  const host = { cases: new Map(), startWorker: () => startNodeWorker(WORKER, env) };
  setTimeout(() => abort.abort(), 100);
  const { report } = await train(host, { text: TEXT, steps: 5, seed: 1 }, () => {}, abort.signal);
  expect([report.run.complete, report.results, report.environments]).toEqual([false, [], []]);
});

test('a missing device is an error that says so', async () => {
  await expect(play('unusable')).rejects.toThrow(UnusableError);
});

test.each([
  ['a short text', { text: TEXT.subarray(1) }, /^the text has 4095 bytes and training needs 4096/],
  ['no step', { steps: 0 }, /from 1 to 1000000, not 0$/],
  ['half a step', { steps: 1.5 }, /not 1\.5$/],
])('%s is refused before anything starts', async (_, request, message) => {
  await expect(play('finish', request)).rejects.toThrow(message);
});
