import { execFileSync } from 'node:child_process';
import { readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { gradproof, ROOT } from './gradproof.ts';
import { expect, test } from './scratch.ts';

test('an installed package runs without sources, and advises to call it by its own name', {
  tag: '@long',
}, async ({ folder }) => {
  // As it is built now: packing builds anew, and other tests use that build.
  const pack = ['pack', '--ignore-scripts', '--pack-destination', folder];
  execFileSync('npm', pack, { cwd: ROOT, stdio: 'ignore' });
  const [file = ''] = readdirSync(folder);
  execFileSync('tar', ['xf', file], { cwd: folder });
  const root = join(folder, 'package');
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const { status, stdout, stderr } = await gradproof(
    ['--runtime', 'node', '--filter', 'ops.nn.silu:legal;x=7x37'],
    { root },
  );
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^[^\n]+: npx gradproof (doctor|train)$/m);
  expect(stdout).not.toContain('npm start');
  const mutation = await gradproof(['mutate', '--host'], { root });
  expect([mutation.status, mutation.stdout]).toEqual([2, '']);
  expect(mutation.stderr).toMatch(/^gradproof: mutate --host changes the TypeScript, [^\n]+\n$/);
});
