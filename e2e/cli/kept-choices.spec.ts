import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gradproof } from './gradproof.ts';
import { expect, test } from './scratch.ts';
import { logIn, SETTINGS, tinyModel } from './tiny-model.ts';

/** What a run was begun with and the checkpoints do not tell: it is kept all the same. */

const runOf = (folder: string, more: object = {}) => [
  ...tinyModel(folder, { ...SETTINGS, judge_steps: 0, ...more }),
  ...['--type', 'lora', '--steps', '24'],
];

const checkpointsIn = (out: string) =>
  readdirSync(join(out, 'checkpoints'))
    .filter((name) => /^step/.test(name))
    .sort();

const reportIn = (out: string) => JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'));
const lossesIn = (out: string) =>
  logIn(out).flatMap(({ step, loss }) => (loss === undefined ? [] : [[step, loss]]));

test('a run that is killed before its first checkpoint begins anew by the table that it had, and says so', {
  tag: '@full',
}, async ({ folder }) => {
  const args = runOf(folder);
  const first = join(folder, 'first');
  expect((await gradproof([...args, '--out', first])).status).toBe(0);
  const report = reportIn(first);
  report.environments[0].tuning = { '1: matmul': 'register' };
  const table = join(folder, 'table.json');
  writeFileSync(table, JSON.stringify(report));
  const begun = [...args, '--tuning', table];
  const whole = join(folder, 'whole');
  expect((await gradproof([...begun, '--out', whole])).status).toBe(0);

  const out = join(folder, 'out');
  const log = join(out, 'log.jsonl');
  const killed = await gradproof([...begun, '--out', out], {
    killWhen: () => existsSync(log) && readFileSync(log, 'utf8').split('\n').length > 8,
  });
  expect([killed.status, checkpointsIn(out)]).toEqual([null, []]);
  rmSync(table);
  const resumed = await gradproof(['train', '--resume', out]);
  expect([resumed.status, resumed.stderr]).toEqual([0, '']);
  expect(resumed.stdout).toContain(`${out} has no checkpoint yet: the run begins anew\n`);
  expect(reportIn(out).environments[0].tuning).toMatchObject({ '1: matmul': 'register' });
  expect(lossesIn(out)).toEqual(lossesIn(whole));
});

test('checkpoints are made and kept by what the run was begun with, or what was given last', {
  tag: '@full',
}, async ({ folder }) => {
  const out = join(folder, 'out');
  const every = ['--checkpoint-every', '2', '--keep', '8'];
  await gradproof([...runOf(folder), ...every, '--out', out], { interruptAt: /^step 10:/m });
  const before = checkpointsIn(out).length;
  expect(before).toBeGreaterThanOrEqual(5);
  const again = await gradproof(['train', '--resume', out], { interruptAt: /^step 20:/m });
  expect(again.status).toBe(130);
  expect(checkpointsIn(out)).toHaveLength(8);
  const fewer = await gradproof(['train', '--resume', out, '--keep', '3']);
  expect([fewer.status, fewer.stderr]).toEqual([0, '']);
  expect(checkpointsIn(out)).toEqual([20, 22, 24].map((step) => `step-000000${step}.safetensors`));
});

test('a run that goes on with another strategy says so, and keeps its workers', {
  tag: '@full',
}, async ({ folder }) => {
  const out = join(folder, 'out');
  const sharing = ['--workers', '2', '--sharding', 'full_shard'];
  const args = runOf(folder, { gradient_accumulation_steps: 2 });
  const cut = await gradproof([...args, ...sharing, '--out', out], { interruptAt: /^step 10:/m });
  expect(cut.status).toBe(130);
  const { status, stdout, stderr } = await gradproof([
    ...['train', '--resume', out, '--sharding', 'ddp'],
  ]);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain('shared by 2 workers (ddp)');
  const change = /^it goes on after step \d+; 2 workers \(full_shard\) .*, 2 workers \(ddp\) .*$/m;
  expect(stdout).toMatch(change);
  const told = logIn(out).flatMap(({ message }) => message ?? []);
  expect(told).toEqual([expect.stringMatching(change)]);
});
