import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findCoveringTests } from './vite-covering-tests.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'covering-'));
  for (const folder of ['src', 'suites', 'scripts', 'e2e', 'bridge/tests'])
    mkdirSync(join(root, folder), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

test('finds tests of page, command and repository', () => {
  write('e2e/page/run.spec.ts', "test('A click runs: twice!', covers('a.b/c', 'd.e'), () => {});");
  write('e2e/cli/run.spec.ts', "test('exit status', covers('a.b/d'), async () => {});");
  write('src/report/read.test.ts', "test('plain', () => {}); test('reads', covers('d.e'), run);");
  write(
    'bridge/tests/test_cli.py',
    '@pytest.mark.covers("a.b/x", "a.b/y")\n@slow\ndef test_says_why() -> None:\n',
  );
  const found = findCoveringTests(root).map(({ id, backend, covers }) => [id, backend, covers]);
  expect(found).toEqual([
    ['test.bridge.tests:says-why', 'repository', ['a.b/x', 'a.b/y']],
    ['test.e2e.cli:exit-status', 'command', ['a.b/d']],
    ['test.e2e.page:a-click-runs-twice', 'page', ['a.b/c', 'd.e']],
    ['test.src.report:reads', 'repository', ['d.e']],
  ]);
});

test('refuses titles that are not written out, and two of one id', () => {
  write('src/a.test.ts', "test('of ' + name, covers('d.e'), run);");
  expect(() => findCoveringTests(root)).toThrow('src/a.test.ts: a test that covers rows has title');
  write('src/a.test.ts', "test('x', covers('d.e'), run); test('X', covers('d.e'), run);");
  expect(() => findCoveringTests(root)).toThrow('two tests that cover rows are called test.src:x');
});
