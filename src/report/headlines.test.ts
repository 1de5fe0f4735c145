import { expect, test } from 'vitest';
import { headlinesOf, headlineWords } from './headlines.ts';
import type { CaseResult } from './schema.ts';

const result = (id: string, change: Partial<CaseResult> = {}): CaseResult => ({
  id,
  suite: id.split(':')[0] ?? id,
  backend: 'webgpu',
  env: 0,
  covers: [],
  tier: 'quick',
  status: 'pass',
  durationMs: 1,
  attempts: 1,
  assertions: 1,
  kernels: [],
  ...change,
});

const recording = (producer: string, device: string, date?: string, indexed?: string) => ({
  producer,
  device,
  ...(date ? { recorded: { date, ...(indexed ? { device: indexed } : {}) } } : {}),
});

const DEVIATES = { finding: { code: 'producer-deviates', message: 'y[0] is 1' } };
const words = (...args: Parameters<typeof headlinesOf>) => headlinesOf(...args).map(headlineWords);

test('a library has a line for each device and date', () => {
  const recordings = new Map([
    ['parity.matmul:a', recording('bitsandbytes 0.50.2 + torch 2.15.0', 'cpu', '2026-11-20')],
    ['parity.matmul:b', recording('bitsandbytes 0.50.2 + torch 2.15.0', 'cpu', '2026-11-20')],
    [
      'parity.matmul:c',
      recording('bitsandbytes 0.50.2 + torch 2.15.0', 'cuda:0 (NVIDIA H200)', '2026-11-21'),
    ],
    ['parity.matmul:d', recording('torch 2.15.0+cu132', 'cpu')],
    ['parity.matmul:e', recording('torch 2.15.0', 'cuda:1', '2026-11-21', 'cuda:1 (NVIDIA L4)')],
    ['parity.matmul:g', recording('liar \u202e1.0', 'c\u200bpu')],
    ['parity.matmul:f', recording('torch 2.15.0', 'cpu', '2026-11-21', 'cuda:0 (NVIDIA L4)')],
  ]);
  expect(
    words(
      [...recordings.keys()].map((id) => result(id)),
      recordings,
      undefined,
    ),
  ).toEqual([
    'bitsandbytes 0.50.2: 2 of 2 agree, recorded on CPU on 2026-11-20',
    'bitsandbytes 0.50.2: 1 of 1 agree, recorded on CUDA (NVIDIA H200) on 2026-11-21',
    'liar  1.0: 1 of 1 agree, recorded on c pu',
    // A build for CUDA that recorded on the processor says nothing of CUDA.
    'torch 2.15.0: 1 of 1 agree, recorded on CPU',
    // Nor does an index that says another device than the bundle.
    'torch 2.15.0: 1 of 1 agree, recorded on CPU on 2026-11-21',
    'torch 2.15.0: 1 of 1 agree, recorded on CUDA (NVIDIA L4) on 2026-11-21',
  ]);
});

test('only agreement counts as agreement, and nothing is hidden', () => {
  const ids = ['agrees', 'deviates', 'wrong', 'lacking', 'loose'].map(
    (name) => `parity.matmul:${name}`,
  );
  const recordings = new Map(ids.map((id) => [id, recording('hqq 0.2.8', 'cpu')]));
  const [agrees = '', deviates = '', wrong = '', lacking = '', loose = ''] = ids;
  const results = [
    result(agrees),
    result(deviates, DEVIATES),
    result(wrong, { status: 'fail', ...DEVIATES, error: { code: 'out-of-bound', message: '' } }),
    result(lacking, { status: 'skip', skip: { code: 'not-implemented', detail: '' } }),
  ];
  expect(words(results, recordings, undefined)).toEqual([
    'hqq 0.2.8: 1 of 3 agree, recorded on CPU; 2 deviate from the true value; 1 could not be confirmed; 1 skipped: not implemented',
  ]);
  const isLoose = { finding: { code: 'loose-bound', message: '' } };
  expect(words([result(agrees), result(loose, isLoose)], recordings, undefined)).toEqual([
    'hqq 0.2.8: 1 of 2 agree, recorded on CPU; 1 within a loose bound alone',
  ]);
  expect(words(results.slice(3), recordings, undefined)).toEqual([
    'hqq 0.2.8: nothing could be compared, recorded on CPU; 1 skipped: not implemented',
  ]);
});

test('what a bridge skipped is counted by its reason', () => {
  const skipped = (id: string, code: string, detail: string) =>
    result(`ops.nn.silu:${id}`, {
      backend: 'bridge-torch-cpu',
      status: 'skip',
      skip: { code, detail },
    });
  const device = { id: 'torch-cpu', device: 'cpu', libraries: [], ops: ['silu'] };
  const live = { links: [{ address: { port: 1, token: 'x' }, device }], alone: false };
  const missing = 'torch is not installed; install it with: uv sync --extra torch';
  expect(
    words(
      [
        skipped('a', 'missing-library', missing),
        skipped('b', 'not-implemented', 'this version has no op x'),
        skipped('c', 'missing-library', missing),
        skipped('d', 'missing-library', 'peft is not installed; install it'),
        skipped('e', 'missing-feature', 'shader-f16'),
        skipped('f', 'slow-adapter', 'a processor'),
      ],
      new Map(),
      live,
    )[0]?.split('; '),
  ).toEqual([
    expect.stringContaining('nothing could be compared, live on CPU'),
    '3 skipped: torch is not installed, peft is not installed',
    '1 skipped: not implemented',
    '1 skipped: the adapter lacks shader-f16',
    '1 skipped: slow-adapter',
  ]);
});

test('live results of a device are told apart from its recordings', () => {
  const device = {
    id: 'torch-cuda-0',
    device: 'cuda:0',
    libraries: [{ name: 'torch', version: '2.15.0' }],
    ops: ['matmul'],
  };
  const live = { links: [{ address: { port: 1, token: 'x' }, device }], alone: false };
  const recordings = new Map([['parity.matmul:a', recording('torch 2.15.0', 'cpu')]]);
  const results = [
    result('parity.matmul:a'),
    result('parity.matmul:a', { backend: 'bridge-torch-cuda-0' }),
    result('ops.matmul.matmul:exact', { backend: 'bridge-torch-cuda-0' }),
    result('ops.matmul.matmul:exact'),
  ];
  expect(words(results, recordings, live)).toEqual([
    'torch 2.15.0: 2 of 2 agree, live on CUDA (cuda:0)',
    'torch 2.15.0: 1 of 1 agree, recorded on CPU',
  ]);
});

test('a weight of a checkpoint, a case without a recording and an unknown bridge have no line', () => {
  const recordings = new Map<string, ReturnType<typeof recording> | { readonly weight: string }>([
    ['parity.checkpoint:w', { weight: 'w' }],
    ['parity.matmul:a', recording('torch 2.15.0 + peft 1', 'cpu', '2026-11-20')],
  ]);
  const results = [
    result('parity.checkpoint:w'),
    result('ops.matmul.matmul:exact'),
    result('parity.matmul:a', { backend: 'bridge-torch-cuda-0' }),
    result('parity.matmul:a', DEVIATES),
  ];
  const [line, ...others] = headlinesOf(results, recordings, { links: [] });
  expect(others).toEqual([]);
  expect(line).toEqual({
    library: 'torch 2.15.0',
    source: { live: false, device: 'cpu', date: '2026-11-20' },
    agree: 0,
    judged: 1,
    deviating: [results[3]],
    loose: 0,
    broken: 0,
    skips: [],
  });
  expect(line && headlineWords(line)).toBe(
    'torch 2.15.0: 0 of 1 agree, recorded on CPU on 2026-11-20; 1 deviates from the true value',
  );
});
