import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { RUN, reportsOfAllKinds, result } from './fixtures/reports.ts';
import { reproduceCommand } from './reproduce.ts';
import type { Report } from './schema.ts';

const CASE = result({
  id: 'ops.nn.silu:legal;x=7x9',
  status: 'fail',
  assertions: 1,
  tier: 'quick',
});
const command = (over: object, report: Pick<Report, 'kind' | 'run'> = RUN, runtime = 'chromium') =>
  reproduceCommand({ ...CASE, ...over }, report, { runtime });

test('a case is named with what its verdict depends on', () => {
  expect(command({})).toBe("npm start -- --headless --filter 'ops.nn.silu:legal;x=7x9'");
  const seeded = { ...RUN, run: { ...RUN.run, seed: 7 } };
  expect(
    command(
      { tier: 'slow', backend: 'bridge-torch-cpu', control: { fault: 'x', status: 'green' } },
      seeded,
    ),
  ).toBe(
    "npm start -- --headless --filter 'ops.nn.silu:legal;x=7x9' --tier slow --seed 7 --backend bridge-torch-cpu --controls",
  );
});

test('an installed package is called by its own name', () => {
  expect(reproduceCommand(CASE, RUN, undefined, 'npx gradproof')).toBe(
    "npx gradproof --headless --filter 'ops.nn.silu:legal;x=7x9'",
  );
});

test('a case runs again where it ran, with its limit of time', () => {
  const limited = { ...RUN, run: { ...RUN.run, timeoutMs: 1500 } };
  expect(command({}, limited, 'node')).toBe(
    "npm start -- --headless --filter 'ops.nn.silu:legal;x=7x9' --timeout 1500 --runtime node",
  );
  expect(command({ id: 'parity.matmul:big', suite: 'parity.matmul' }, RUN, 'node')).toBe(
    'npm start -- --parity big.safetensors --runtime node',
  );
});

test('a recording is named by its file, or by the reproduction that was written', () => {
  const replay = { id: 'parity.matmul:a b', suite: 'parity.matmul' };
  expect(command({ ...replay, id: 'parity.matmul:big' })).toBe(
    'npm start -- --parity big.safetensors',
  );
  expect(command({ ...replay, artifacts: [{ name: 'x.safetensors', bytes: 1, sha256: '' }] })).toBe(
    'npm start -- --parity x.safetensors',
  );
});

test('every kind has its command', async () => {
  const commands = (await reportsOfAllKinds()).map(
    (report) => report.results[0] && reproduceCommand(report.results[0], report, undefined),
  );
  expect(commands.slice(1)).toEqual([
    "npm start -- bench --filter 'bench.matmul:f32;m=512;n=512;k=512'",
    "npm start -- mutate --filter 'mutate.optim.adamw:drop-decay;line=44;n=1'",
    'npm start -- train --seed 42 --steps 300',
  ]);
});

test('a mutant of the TypeScript is found among those', () => {
  const mutants = { ...RUN, kind: 'mutate' } as const;
  expect(command({ id: 'mutate.host.src.train.lr:constant;line=4;n=1' }, mutants)).toBe(
    "npm start -- mutate --host --filter 'mutate.host.src.train.lr:constant;line=4;n=1'",
  );
});

test('tests of the checkout run together, with their faults where one stayed green', () => {
  const tests = { ...RUN, kind: 'test' } as const;
  const green = { fault: 'x', status: 'green' } as const;
  expect(command({}, tests)).toBe('npm test -- --report tests.json');
  expect(command({ control: green }, tests)).toBe('npm test -- --controls --report tests.json');
});

test.skipIf(process.platform === 'win32')(
  'an id that a shell could take for its own arrives as it is',
  () => {
    const id = `a:$(touch${'\u00a0'}x)'";&&|\`id\`*`;
    const line = command({ id, suite: 'a' }).replace('npm start --', 'printf "%s\\n"');
    expect(execFileSync('sh', ['-c', line], { encoding: 'utf8' }).trimEnd().split('\n')).toEqual([
      '--headless',
      '--filter',
      id,
    ]);
  },
);

test('a program is called by what a run has besides, in the order of its help', () => {
  const run = { ...RUN, run: { ...RUN.run, seed: 7, timeoutMs: 9 } };
  expect(command({ tier: 'full' }, run, 'node')).toBe(
    "npm start -- --headless --filter 'ops.nn.silu:legal;x=7x9' --tier full --seed 7 --timeout 9 --runtime node",
  );
  const both = { id: 'parity.matmul:a', suite: 'parity.matmul', backend: 'bridge-torch-cpu' };
  expect(command(both, run, 'node')).toBe(
    'npm start -- --parity a.safetensors --backend bridge-torch-cpu --runtime node',
  );
  expect(command({ control: { fault: 'green', status: 'red' } })).not.toContain('--controls');
  const artifacts = [
    { name: 'x.json', bytes: 1, sha256: 'y.safetensors' },
    { name: 'z.safetensors', bytes: 1, sha256: '' },
  ];
  expect(command({ ...both, backend: 'webgpu', artifacts })).toBe(
    'npm start -- --parity z.safetensors',
  );
});
