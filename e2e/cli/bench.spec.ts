import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readReport } from '../../src/report/read.ts';
import { expect } from '../counted.ts';
import { gradproof } from './gradproof.ts';
import { test } from './scratch.ts';

const FEW = [
  '--filter',
  'bench.matmul:f32;m=37;n=29;k=53',
  '--filter',
  'bench.ceiling:dispatch',
] as const;

test('bench times in Node what it judged, and writes a report, a table and CSV', {
  tag: '@long',
}, async ({ folder }) => {
  const report = join(folder, 'bench.json');
  const csv = join(folder, 'bench.csv');
  const args = ['bench', '--runtime', 'node', ...FEW, '--report', report, '--csv', csv];
  const { status, stdout } = await gradproof(args);
  expect(status).toBe(0);
  const { kind, results, run, environments } = readReport(readFileSync(report, 'utf8'), report);
  expect([kind, run.complete, environments.length]).toEqual(['bench', true, 1]);
  const product = results.find(
    ({ backend, suite }) => backend === 'webgpu' && suite === 'bench.matmul',
  );
  expect(product).toMatchObject({ status: 'pass', assertions: 37 * 29 });
  expect(Object.keys(product?.tried ?? {}).sort()).toEqual(['captured', 'eager']);
  expect(product?.series?.['ms']?.length).toBe(product?.timing?.samples);
  expect(product?.metrics?.['fractionOfCeiling']).toBeGreaterThan(0);
  const ceiling = results.filter(({ backend }) => backend === 'ceiling');
  expect(ceiling.map(({ id }) => id).sort()).toEqual([
    'bench.ceiling:dispatch',
    'bench.matmul:f32;m=37;n=29;k=53',
  ]);
  expect(stdout).toMatch(/^matmul:f32;m=37;n=29;k=53 +[\d.]+ +[\d.]+ .*%$/m);
  const [head = '', ...lines] = readFileSync(csv, 'utf8').trim().split('\r\n');
  expect(head).toContain('metrics.gflops');
  expect(lines).toHaveLength(results.length);

  // The same report opens in compare, and is a baseline.
  const compared = await gradproof(['compare', report, report]);
  expect(compared.status).toBe(0);
  expect(compared.stdout).toContain(`0 slower and 0 faster of ${results.length} timed`);
  const again = await gradproof(['bench', '--runtime', 'node', ...FEW, '--baseline', report]);
  expect(again.status).toBe(0);
  expect(again.stdout).toContain(
    `of ${results.length} times are over 15 % slower than in the baseline`,
  );
});

test('a bench whose report cannot be written shows its table and writes what it can', async ({
  folder,
}) => {
  test.skip(process.platform !== 'linux', 'no other system has a disk that is always full');
  const csv = join(folder, 'bench.csv');
  const ceiling = ['bench', '--runtime', 'node', '--filter', 'bench.ceiling:dispatch'] as const;
  const { status, stdout, stderr } = await gradproof([
    ...ceiling,
    ...['--report', '/dev/full', '--csv', csv],
  ]);
  expect(status).toBe(2);
  expect(stdout).toMatch(/^ceiling:dispatch +[\d.]+/m);
  expect(stderr).toBe('gradproof: --report /dev/full: cannot be written: the disk is full\n');
  expect(readFileSync(csv, 'utf8')).toContain('bench.ceiling:dispatch');
});

test('bench runs in a frame of the browser that has neither network nor storage', async ({
  folder,
}) => {
  const report = join(folder, 'frame.json');
  const { status, stdout } = await gradproof([
    'bench',
    ...FEW,
    '--peers',
    'none',
    '--report',
    report,
  ]);
  expect(stdout).toContain('timing on');
  expect(status).toBe(0);
  const { environments, results } = readReport(readFileSync(report, 'utf8'), report);
  expect(environments[0]?.runtime).toBe('chromium');
  expect(results.every(({ status: one }) => one === 'pass')).toBe(true);
});

test('bench lists the works that filters leave, by ids that it takes', async () => {
  const { status, stdout } = await gradproof(['bench', '--list', '--filter', 'mlp-step:*']);
  const ids = stdout.trimEnd().split('\n');
  expect([status, ids.length > 5, ids.every((id) => id.startsWith('bench.mlp-step:f32;'))]).toEqual(
    [...[0, true, true]],
  );
  expect((await gradproof(['bench', '--list', '--filter', ids[0] ?? ''])).stdout.trim()).toBe(
    ids[0],
  );
});

test('bench refuses a setting that no work has, before it times any', async () => {
  const asked = ['--runtime', 'node', ...FEW, '--setting', 'webgpu=eagr'];
  const { status, stdout, stderr } = await gradproof(['bench', ...asked]);
  expect(stderr).toBe(
    'gradproof: setting webgpu=eagr: no work of the run has one: there are captured; eager\n',
  );
  expect([status, stdout.includes('works for')]).toEqual([2, false]);
});

test('a bench that is interrupted writes what is done', { tag: '@long' }, async ({ folder }) => {
  const report = join(folder, 'part.json');
  const args = ['bench', '--runtime', 'node', '--filter', 'bench.matmul:*', '--report', report];
  const { status } = await gradproof(args, { interruptAt: /works for/ });
  expect(status).toBe(130);
  expect(readReport(readFileSync(report, 'utf8'), report).run.complete).toBe(false);
});

test('a bench that is interrupted where an oracle takes minutes says so and ends soon', {
  tag: '@long',
}, async () => {
  const args = ['bench', '--runtime', 'node', '--filter', 'resnet18-step:*'];
  let stopsAt = Number.NaN;
  const { status } = await gradproof(args, {
    interruptAt: /works? for/,
    onOutput: (told) => {
      if (Number.isNaN(stopsAt) && told.includes('\nstopping: ')) stopsAt = performance.now();
    },
  });
  expect(status).toBe(130);
  expect(performance.now() - stopsAt).toBeLessThan(20_000);
});

test('a bench that is asked to end as it starts says that it stops', async () => {
  const args = ['bench', '--runtime', 'node', '--filter', 'bench.ceiling:*'];
  const { status, stdout, stderr } = await gradproof(args, { terminateAtOnce: true });
  expect([status, stdout, stderr]).toEqual([
    130,
    'stopping: what is timed so far is the report; Ctrl-C once more ends at once\n',
    'gradproof: interrupted before the first work\n',
  ]);
});
