import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readReport } from '../../src/report/read.ts';
import { gradproof, ROOT } from './gradproof.ts';
import { expect, test } from './scratch.ts';

const ID = 'bench.matmul:f32;m=37;n=29;k=53';

/** What a bench of one product tells: its table and kernels. */
async function benched(folder: string, tuning: readonly string[]) {
  const file = join(folder, 'bench.json');
  const args = ['bench', '--runtime', 'node', '--filter', ID, '--report', file, ...tuning];
  const { status, stderr } = await gradproof(args);
  expect([status, stderr]).toEqual([0, '']);
  const report = readReport(readFileSync(file, 'utf8'), file);
  const ours = report.results.find(({ backend }) => backend === 'webgpu');
  return { report, kernels: ours?.kernels, tuning: report.environments[0]?.tuning ?? {} };
}

test('a report can pin the variants of another command, and tells that it did', async ({
  folder,
}) => {
  const { report, kernels } = await benched(folder, []);
  expect(kernels, 'the table of the sources').toEqual(['matmul/quad']);
  const pinned = join(folder, 'pinned.json');
  const table = { '1: matmul, rows from 1': 'tiled' };
  const [environment] = report.environments;
  writeFileSync(
    pinned,
    JSON.stringify({ ...report, environments: [{ ...environment, tuning: table }] }),
  );
  const now = await benched(folder, ['--tuning', pinned]);
  expect(now.kernels).toEqual(['matmul/split']);
  expect(Object.entries(now.tuning)[0]).toEqual(Object.entries(table)[0]);

  // A run that judges takes it too.
  const file = join(folder, 'run.json');
  const id = 'ops.matmul.matmul:exact-gradient;*';
  const run = ['--runtime', 'node', '--filter', id, '--report', file, '--tuning', pinned];
  expect((await gradproof(run)).status).toBe(0);
  const judged = readReport(readFileSync(file, 'utf8'), file);
  expect(Object.entries(judged.environments[0]?.tuning ?? {})[0]).toEqual(Object.entries(table)[0]);
});

test('what is measured is measured once, and kept for this adapter', async ({ folder }) => {
  const measured = ['--tuning', 'measured'];
  await benched(folder, measured);
  const kept = join(ROOT, '.cache/tuning');
  try {
    const [name = ''] = readdirSync(kept);
    const [adapter] = JSON.parse(readFileSync(join(kept, name), 'utf8').split('\n')[0] ?? '');
    // The last line of an adapter counts: what is kept is used, and not measured anew.
    const planted = { '1: matmul, rows from 1': 'tiled' };
    appendFileSync(join(kept, name), `${JSON.stringify([adapter, planted])}\n`);
    const { kernels, tuning } = await benched(folder, measured);
    expect(kernels).toEqual(['matmul/split']);
    expect(Object.entries(tuning)[0]).toEqual(Object.entries(planted)[0]);
  } finally {
    rmSync(kept, { recursive: true });
  }
});
