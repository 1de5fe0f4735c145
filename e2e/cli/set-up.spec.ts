import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './checkout.ts';
import { gradproof, ROOT } from './gradproof.ts';

const SILU = ['--runtime', 'node', '--filter', 'ops.nn.silu:legal;x=7x37'];

test('builds once, and again when a source changed; a kernel edited by hand turns the run red', async ({
  checkout: root,
}) => {
  expect((await gradproof(['--version'], { root })).stderr).toMatch(
    /^set-up: nothing is built: building\n.*set-up: built in/s,
  );
  const untouched = await gradproof(SILU, { root });
  expect([untouched.status, untouched.stderr]).toEqual([0, '']);
  const shader = join(root, 'shaders/nn/silu.wgsl');
  const source = readFileSync(shader, 'utf8');
  writeFileSync(shader, source.replace(/exp\(-/g, 'exp(1.001 * -'));
  expect(readFileSync(shader, 'utf8')).not.toBe(source);
  const edited = await gradproof(SILU, { root });
  expect(edited.stderr).toContain('set-up: sources changed: building');
  expect([edited.status, edited.stdout]).toEqual([
    1,
    expect.stringContaining('No: 1 of 1 check did not pass.'),
  ]);
});

test('two starts at once build once', async ({ checkout: root }) => {
  const list = () => gradproof(['--list'], { root });
  const starts = await Promise.all([list(), list(), list()]);
  expect(starts.map(({ status }) => status)).toEqual([0, 0, 0]);
  expect(new Set(starts.map(({ stdout }) => stdout)).size).toBe(1);
  expect(starts.filter(({ stderr }) => stderr.includes('built in'))).toHaveLength(1);
});

test('a killed build counts as none, and its lock is removed', async ({ checkout: root }) => {
  const child = spawn(process.execPath, [join(root, 'scripts/start.mjs'), '--version'], {
    cwd: root,
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  await expect
    .poll(() => existsSync(join(root, 'dist/.next')) || existsSync(join(root, 'dist/node')))
    .toBe(true);
  child.kill('SIGKILL');
  await ended;
  const next = await gradproof(['--list'], { root });
  expect(next.status).toBe(0);
  expect(next.stderr).toContain('building');
  expect(next.stdout).toMatch(/ webgpu\n$/);
});

test('a build that fails says why, and the next one starts afresh', async ({ checkout: root }) => {
  const broken = join(root, 'src/cli/main.ts');
  const source = readFileSync(broken, 'utf8');
  writeFileSync(broken, "import './nowhere.ts';\n");
  const failed = await gradproof(['--list'], { root });
  expect([failed.status, failed.stdout]).toEqual([2, '']);
  expect(failed.stderr).toMatch(/nowhere\.ts/);
  expect(failed.stderr).toMatch(/gradproof: building node failed: [^\n]+\n$/);
  writeFileSync(broken, source);
  expect((await gradproof(['--list'], { root })).status).toBe(0);
});

test('a Node that is too old is refused before anything else', async ({ folder }) => {
  mkdirSync(join(folder, 'scripts'));
  cpSync(join(ROOT, 'scripts/setup'), join(folder, 'scripts/setup'), { recursive: true });
  cpSync(join(ROOT, 'scripts/start.mjs'), join(folder, 'scripts/start.mjs'));
  writeFileSync(
    join(folder, 'old.mjs'),
    "Object.defineProperty(process.versions, 'node', { value: '18.20.4' });\n",
  );
  const { status, stderr } = await gradproof([], {
    root: folder,
    env: { NODE_OPTIONS: `--import ${join(folder, 'old.mjs')}` },
  });
  expect([status, stderr]).toEqual([
    2,
    expect.stringMatching(/^gradproof: Node 18\.20\.4 is too old: [^\n]+\n$/),
  ]);
});
