import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readReport } from '../../src/report/read.ts';
import { expect, test } from './checkout.ts';
import { gradproof, ROOT } from './gradproof.ts';

const { sourceStamp } = (await import(`${ROOT}/scripts/setup/stamp.mjs`)) as {
  sourceStamp: (root: string) => string;
};

test('host mutants die, and the report says which test killed each', async ({ folder }) => {
  const file = join(folder, 'mutate.json');
  const only = ['--filter', 'mutate.host.src.train.early-stopping:*'];
  const ended = await gradproof(['mutate', '--host', ...only, '--report', file]);
  expect(ended.stdout).toMatch(/^ {2}src\/train +\d+ of \d+ mutants killed$/m);
  expect(ended.stdout).toMatch(/killed, 0 survived .* 0 invalid: killRate 1\.0000/);
  expect(ended.status).toBe(0);
  const { kind, run, summary, results } = readReport(readFileSync(file), file);
  expect([kind, run.complete, summary.passed]).toEqual(['mutate', true, summary.total]);
  expect(summary.total).toBeGreaterThanOrEqual(5);
  for (const { id, finding } of results) {
    expect(id).toMatch(/^mutate\.host\.src\.train\.early-stopping:[a-z-]+;line=\d+;n=\d+$/);
    expect(finding?.message).toMatch(/: (src\/.+\.test\.ts|case \S+).* turned red: /);
  }
});

test('a filter that leaves no host mutant is refused', async () => {
  const { status, stdout, stderr } = await gradproof([
    'mutate',
    '--host',
    ...['--filter', 'mutate.nn.*'],
  ]);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^gradproof: [^\n]*no host mutant matches "mutate\.nn\.\*"[^\n]*\n$/);
});

/** Two functions that could be anything. */
const UNHEARD = `
/** A test calls it and does not look at what it gives. */
export function unheard(epochs: number): number {
  return epochs + 1;
}

/** No test calls it. */
export function uncalled(epochs: number): number {
  return epochs + 1;
}
`;
const DEAF_TEST = `
import { expect, test } from 'vitest';
import { unheard } from './unheard.ts';

test('it can be called', () => {
  unheard(1);
  expect(1).toBe(1);
});
`;

test('what nothing notices fails, with the tests that ran with it', async ({
  checkout,
  folder,
}) => {
  writeFileSync(join(checkout, 'src/train/unheard.ts'), UNHEARD);
  writeFileSync(join(checkout, 'src/train/unheard.test.ts'), DEAF_TEST);
  // As it is built now: the command line is the same, and what is mutated is built by the command.
  cpSync(join(ROOT, 'dist'), join(checkout, 'dist'), { recursive: true });
  writeFileSync(join(checkout, 'dist/sources.sha256'), sourceStamp(checkout));
  const file = join(folder, 'mutate.json');
  const ended = await gradproof(
    ['mutate', '--host', '--filter', 'mutate.host.src.train.unheard:*', '--report', file],
    { root: checkout },
  );
  expect(ended.stdout).toContain(
    'src/train/unheard.ts:4 "return epochs + 1;" became "return epochs - 1;": none turned red of src/train/unheard.test.ts',
  );
  expect(ended.status).toBe(1);
  const { results } = readReport(readFileSync(file), file);
  const codesOf = (line: number) =>
    new Set(
      results.filter(({ id }) => id.includes(`;line=${line};`)).map(({ error }) => error?.code),
    );
  expect([codesOf(4), codesOf(9)]).toEqual([new Set(['survived']), new Set(['not-reached'])]);
});

test('Ctrl-C leaves a partial report of the host mutants', async ({ folder }) => {
  const file = join(folder, 'partial.json');
  const { status, stdout } = await gradproof(
    ['mutate', '--host', '--filter', 'mutate.host.src.train.*', '--report', file],
    { interruptAt: /running \d+ host mutants/ },
  );
  expect(stdout).toContain('Interrupted: the report is partial.');
  expect(status).toBe(130);
  expect(readReport(readFileSync(file), file).run.complete).toBe(false);
});

test('what lives at the deadline is undecided, and the report is whole', async ({ folder }) => {
  const file = join(folder, 'undecided.json');
  const only = ['--filter', 'mutate.host.src.train.early-stopping:*'];
  const ended = await gradproof([
    ...['mutate', '--host', '--deadline', '1', '--report', file],
    ...only,
  ]);
  expect(ended.stdout).toContain('Nothing was proved');
  expect(ended.status).toBe(1);
  const { run, summary, results } = readReport(readFileSync(file), file);
  expect([run.complete, summary.lost]).toEqual([true, summary.total]);
  for (const { error } of results) expect(error?.code).toBe('run-deadline');
});
