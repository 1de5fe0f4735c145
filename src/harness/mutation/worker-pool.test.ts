import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Answer } from '../runner/pool-worker.ts';
import { startNodeWorker } from '../worker/node-link.ts';
import { WorkerPool } from './worker-pool.ts';

const WORKER = fileURLToPath(new URL('./fixtures/worker.mjs', import.meta.url));
const HANGS = {
  type: 'mutant',
  kernels: [{ file: 'one/kernel', code: '' }],
  cases: [{ id: 'fixture:hangs', backend: 'webgpu' }],
  seed: 42,
  untilRed: true,
} as const;

test('no request waits for a worker of a pool that has ended', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pool-'));
  try {
    const environment = { ENVIRONMENT: '{}', LOG: join(folder, 'log'), PATH: process.env['PATH'] };
    const pool = await WorkerPool.start(
      3,
      () => startNodeWorker(WORKER, environment, 'ignore'),
      new AbortController().signal,
    );
    const answers: Answer[] = [];
    const shared = pool.share([1, 2, 3, 4], async (_, worker) => {
      answers.push(await worker.ask(HANGS, 300_000));
    });
    pool[Symbol.dispose]();
    await shared;
    expect(answers).toEqual([{ type: 'aborted' }, { type: 'aborted' }, { type: 'aborted' }]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
