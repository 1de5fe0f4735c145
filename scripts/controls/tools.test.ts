import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

interface TestCommand {
  readonly tests: readonly object[];
  readonly command: readonly string[];
  readonly options: { readonly root: string };
}

const { commandsOf } = (await import(new URL('tools.mjs', import.meta.url).href)) as {
  commandsOf: (
    root: string,
    results: string,
    tests: readonly { readonly file: string; readonly title: string }[],
  ) => readonly TestCommand[];
};

let results: string;
beforeEach(() => {
  results = mkdtempSync(join(tmpdir(), 'tools-'));
});
afterEach(() => rmSync(results, { recursive: true }));

const unit = (title: string) => ({ file: 'src/a.test.ts', title });

test('each tool runs its own tests, and no file twice', () => {
  const python = { file: 'bridge/tests/test_a.py', title: 'says why' };
  const page = { file: 'e2e/page/a.spec.ts', title: 'runs' };
  const tests = [page, unit('one'), python, unit('two')];
  const commands = commandsOf('/copy', results, tests);
  expect(commands.map((one) => one.tests)).toEqual([[python], [page], [unit('one'), unit('two')]]);
  expect(commands.map(({ options }) => options.root)).toEqual(['/copy/bridge', '/copy', '/copy']);
  const [first, second, third] = commands.map(({ command }) => command.slice(1));
  expect(first).toEqual(['tests/test_a.py', '-k', 'test_says_why']);
  expect(second?.slice(1)).toEqual(['test', page.file, '-g', 'runs', '--reporter=json']);
  expect(third?.slice(1, 5)).toEqual(['run', 'src/a.test.ts', '-t', 'one|two']);
});

test('a title is taken letter by letter', () => {
  const [one] = commandsOf('/copy', results, [unit('a (b). c|d $1 [e]')]);
  const pattern = new RegExp(one?.command[one.command.indexOf('-t') + 1] ?? '');
  expect(pattern.test('in node a (b). c|d $1 [e]')).toBe(true);
  expect(pattern.test('a b. c')).toBe(false);
});

test('what was told before is gone', () => {
  const file = join(results, 'unit.json');
  writeFileSync(file, '{}');
  commandsOf('/copy', results, [unit('one')]);
  expect(existsSync(file)).toBe(false);
});

test('wrong use of --controls is one line that says what to give', () => {
  const script = fileURLToPath(new URL('../test.mjs', import.meta.url));
  const end = (...args: readonly string[]) => {
    const { status, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
    return [status, stderr];
  };
  expect(end('--controls')).toEqual([
    2,
    expect.stringMatching(/^gradproof: --controls [^\n]*: add --report FILE\n$/),
  ]);
  expect(end('--controls', '--whole', '--report', join(results, 'tests.json'))).toEqual([
    2,
    expect.stringMatching(/^gradproof: --controls [^\n]*: leave out --whole\n$/),
  ]);
});
