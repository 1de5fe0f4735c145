import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { validateReport } from '../report/validate.ts';
import { type ChoosingEvent, type ChoosingRequest, measureSchemes } from './choosing.ts';
import { startNodeWorker } from './worker/node-link.ts';

/** Measuring over real child processes that follow a script. */

const WORKER = fileURLToPath(new URL('./choosing/fixtures/worker.mjs', import.meta.url));
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
const FILE = new Uint8Array(1000);
const WEIGHTS = ['a', 'b c'].map((layer, stream) => ({
  layer,
  shape: [2, 4],
  seed: 1,
  stream,
  stored: {
    dtype: 'F32' as const,
    shape: [2, 4],
    bytes: FILE.subarray(32 * stream, 32 * stream + 32),
  },
}));
const SCHEMES = ['nf4', 'refused'].map((method) => ({ method, bits: 4, groupSize: 64 }));

async function play(
  behaviour: string,
  request: Partial<ChoosingRequest> = {},
  abortAt?: (event: ChoosingEvent) => boolean,
) {
  const events: ChoosingEvent[] = [];
  const abort = new AbortController();
  const env = {
    ENVIRONMENT: JSON.stringify(ENVIRONMENT),
    BEHAVIOUR: behaviour,
    PATH: process.env['PATH'],
  };
  const { report, ...outcome } = await measureSchemes(
    { cases: new Map(), startWorker: () => startNodeWorker(WORKER, env) },
    { weights: WEIGHTS, schemes: SCHEMES, seed: 9, ...request },
    (event) => {
      events.push(event);
      if (abortAt?.(event)) abort.abort();
    },
    abort.signal,
  );
  return { report: validateReport(report, 'the report'), ...outcome, events };
}

test('each weight is measured by each scheme, and told of in a valid report', async () => {
  const { report, measured, events } = await play('finish');
  expect(report).toMatchObject({
    kind: 'run',
    run: { complete: true, seed: 9 },
    summary: { total: 4, passed: 2, skipped: 2 },
  });
  expect(report.results.map(({ id }) => id)).toEqual([
    'quantize.nf4:a;bits=4;group=64',
    'quantize.nf4:b%20c;bits=4;group=64',
    'quantize.refused:a;bits=4;group=64',
    'quantize.refused:b%20c;bits=4;group=64',
  ]);
  expect(report.results[0]).toMatchObject({
    status: 'pass',
    metrics: { 'weight-error': 0.5, 'output-error': 0.25, bytes: 32, 'bits-per-weight': 32 },
  });
  expect(report.results[3]).toMatchObject({
    status: 'skip',
    skip: { code: 'quant-method', detail: 'b c is odd' },
  });
  expect(measured.map(({ layer }) => layer)).toEqual(['a', 'a', 'b c', 'b c']);
  expect(events.map((event) => (event.type === 'measured' ? event.done : 0))).toEqual([
    0, 1, 2, 3, 4,
  ]);
});

test('quantized layers come back where they are asked for', async () => {
  const { stored } = await play('finish', { schemes: SCHEMES.slice(0, 1), save: true });
  expect(stored.map(({ layer }) => layer)).toEqual(['a', 'b c']);
});

test('what was measured stays when it is cancelled', async () => {
  const isSecond = (event: ChoosingEvent) => event.type === 'measured' && event.done === 2;
  const { report } = await play('stop', {}, isSecond);
  expect(report).toMatchObject({ run: { complete: false }, summary: { total: 2 } });
});

test.each([
  ['die', 'lost', 'worker-died'],
  ['lose', 'error', 'device-lost'],
])(
  'what was measured stays when the worker does %s, and what it was at is named',
  async (behaviour, status, code) => {
    const { report } = await play(behaviour);
    expect(report).toMatchObject({ run: { complete: false }, summary: { total: 3 } });
    expect(report.results.find(({ error }) => error)).toMatchObject({
      id: 'quantize.nf4:b%20c;bits=4;group=64',
      status,
      error: { code },
    });
  },
);

test('throws where there is no device', async () => {
  await expect(play('no-device')).rejects.toMatchObject({ code: 'no-adapter' });
});
