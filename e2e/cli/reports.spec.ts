import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readReport } from '../../src/report/read.ts';
import { gradproof } from './gradproof.ts';
import { expect, test } from './scratch.ts';

const FEW = ['--runtime', 'node', '--filter', 'ops.nn.silu:legal;*'];

test('shards merge to the whole run, and reports compare case by case', { tag: '@long' }, async ({
  folder,
}) => {
  const at = (name: string) => join(folder, name);
  for (const i of [1, 2])
    expect(
      (await gradproof([...FEW, '--shard', `${i}/2`, '--report', at(`${i}.json`)])).status,
    ).toBe(0);
  const joined = await gradproof([
    'merge',
    ...[at('1.json'), at('2.json')],
    ...['--report', at('all.json'), '--junit', at('all.xml'), '--link', at('all.txt')],
  ]);
  expect(joined.status).toBe(0);
  const [, link] = /^Share it: (.+\n)/m.exec(joined.stdout) ?? [];
  expect(readFileSync(at('all.txt'), 'utf8')).toBe(link);
  const merged = readReport(readFileSync(at('all.json')), 'all.json');
  expect(merged.run).toMatchObject({ complete: true, shard: '1/1' });
  const listed = (await gradproof(['--list', '--filter', 'ops.nn.silu:legal;*'])).stdout
    .trimEnd()
    .split('\n');
  expect(merged.results.map(({ id, backend }) => `${id} ${backend}`)).toEqual(listed);
  expect(readFileSync(at('all.xml'), 'utf8').match(/<testcase /g)).toHaveLength(listed.length);

  const one = await gradproof(['merge', at('1.json'), '--report', '-']);
  expect(readReport(one.stdout, 'stdout').run.complete).toBe(false);
  const twice = await gradproof([
    'merge',
    at('1.json'),
    at('1.json'),
    '--report',
    at('twice.json'),
  ]);
  expect([twice.status, twice.stderr]).toEqual([
    2,
    expect.stringMatching(/^gradproof: merge: [^\n]+\n$/),
  ]);

  expect((await gradproof(['compare', at('all.json'), at('all.json')])).status).toBe(0);
  const worse = await gradproof(['compare', at('all.json'), at('1.json')]);
  expect(worse.status).toBe(1);
  expect(worse.stdout).toMatch(/^regression .*missing/m);
});

test('a damaged report is refused in one line', async ({ folder }) => {
  const file = join(folder, 'cut.json');
  writeFileSync(file, '{"schema":"gradproof-report/1","kind":"run"');
  const { status, stderr } = await gradproof(['compare', file, file]);
  expect([status, stderr]).toEqual([
    2,
    expect.stringMatching(/^gradproof: [^\n]*cut\.json[^\n]+\n$/),
  ]);
});
