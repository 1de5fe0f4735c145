import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { covers } from '../../src/catalog/covers.ts';
import { readReport } from '../../src/report/read.ts';
import { expect, test } from './checkout.ts';
import { gradproof, ROOT } from './gradproof.ts';

const SILU = 'ops.nn.silu:legal;x=7x37';
/** With it five other ids begin. */
const CORNERS = 'ops.math.clip:exact;x=13;values=corners';
const runOf = (...filters: readonly string[]) => [
  '--runtime',
  'node',
  ...filters.flatMap((filter) => ['--filter', filter]),
];

test(
  'builds once, and again when a source changed; a kernel edited by hand turns the run red',
  covers(
    'fsdp.utilities.run-single-test-by-id/filter-runs-one',
    'fsdp.utilities.run-single-test-by-id/exit-codes',
    'tb.utilities.pass-rate-gate/one-failure-exits-1',
    'fsdp.utilities.clear-failure-feedback/same-assertion',
  ).control('one failure among many is let pass', {
    file: 'src/cli/exit.ts',
    from: 'right > 0 && wrong === 0',
    to: 'right > wrong',
  }),
  async ({ checkout: root, folder }) => {
    expect((await gradproof(['--version'], { root })).stderr).toMatch(
      /^set-up: nothing is built: building\n.*set-up: built in/s,
    );
    const untouched = await gradproof([...runOf(CORNERS), '--verbose'], { root });
    expect([untouched.status, untouched.stderr]).toEqual([0, '']);
    expect(untouched.stdout).toMatch(/^1 of 1 check is right\.$/m);
    expect(untouched.stdout.match(/^pass .*$/gm), 'a line with what was compared').toEqual([
      expect.stringMatching(/ops\.math\.clip:exact;x=13;values=corners: 15 numbers compared$/),
    ]);
    expect((await gradproof(runOf('ops.nn.silu:legal;x=7x38'), { root })).status).toBe(2);

    const shader = join(root, 'shaders/nn/silu.wgsl');
    const source = readFileSync(shader, 'utf8');
    writeFileSync(shader, source.replace(/exp\(-/g, 'exp(1.001 * -'));
    expect(readFileSync(shader, 'utf8')).not.toBe(source);
    const file = join(folder, 'edited.json');
    const sound = 'ops.nn.embedding:exact;*';
    const edited = await gradproof([...runOf(SILU, sound), '--report', file], { root });
    expect(edited.stderr).toContain('set-up: sources changed: building');
    expect(edited.status, 'one failure among many').toBe(1);
    expect(edited.stdout).toMatch(/^No: 1 of [1-9]\d* checks did not pass\.$/m);

    const errorOf = (report: string) =>
      readReport(report, 'report').results.flatMap(({ id, error }) =>
        error ? [{ id, error }] : [],
      );
    const failures = errorOf(readFileSync(file, 'utf8'));
    expect(failures).toMatchObject([{ id: SILU, error: { at: { index: expect.any(Array) } } }]);
    const [, command = ''] = /^See it again: npm start -- (.+)$/m.exec(edited.stdout) ?? [];
    const words = command.split(' ').map((word) => word.replaceAll("'", ''));
    const again = await gradproof([...words, '--report', '-'], { root });
    expect(again.status).toBe(1);
    expect(errorOf(again.stdout), 'it fails at the same assertion').toEqual(failures);
  },
);

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
