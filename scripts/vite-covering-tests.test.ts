import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findCoveringTests } from './vite-covering-tests.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'covering-'));
  for (const folder of ['src', 'suites', 'scripts', 'e2e', 'bench/ort', 'bridge/tests'])
    mkdirSync(join(root, folder), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

/** A test in TypeScript that covers `ids`. */
const covering = (title: string, ...ids: readonly string[]) =>
  `test('${title}', covers(${ids.map((id) => `'${id}'`).join(', ')}).control('it is off', {
    file: 'src/a.ts', from: 'on', to: \`off\` }), async () => {});`;

test('finds tests of page, command and repository', () => {
  write('e2e/page/run.spec.ts', covering('A click runs: twice!', 'a.b/c', 'd.e'));
  write('e2e/cli/run.spec.ts', covering('exit status', 'a.b/d'));
  write('src/report/read.test.ts', `test('plain', () => {}); ${covering('reads', 'd.e')}`);
  write(
    'bridge/tests/test_cli.py',
    `@pytest.mark.covers("a.b/x", "a.b/y")
@pytest.mark.control(
    "it says \\"no\\" (and why)", "bridge/src/cli.py", "yes", "no"
)
@slow
def test_says_why() -> None:
`,
  );
  const found = findCoveringTests(root);
  expect(found.map(({ id, backend, covers }) => [id, backend, covers])).toEqual([
    ['test.bridge.tests:says-why', 'repository', ['a.b/x', 'a.b/y']],
    ['test.e2e.cli:exit-status', 'command', ['a.b/d']],
    ['test.e2e.page:a-click-runs-twice', 'page', ['a.b/c', 'd.e']],
    ['test.src.report:reads', 'repository', ['d.e']],
  ]);
  expect(found.slice(0, 2).map(({ control, fault }) => [control, fault])).toEqual([
    ['it says "no" (and why)', { file: 'bridge/src/cli.py', from: 'yes', to: 'no' }],
    ['it is off', { file: 'src/a.ts', from: 'on', to: 'off' }],
  ]);
});

test('finds one that has a tag beside its rows', () => {
  const tagged = covering('x', 'd.e')
    .replace('covers(', '{ ...covers(')
    .replace('}), async', "}), tag: '@long' }, async");
  write('e2e/page/a.spec.ts', tagged);
  expect(findCoveringTests(root).map(({ id, covers }) => [id, covers])).toEqual([
    ['test.e2e.page:x', ['d.e']],
  ]);
  write('e2e/page/a.spec.ts', "test('x', { ...covers('d.e'), tag: '@long' }, run);");
  expect(() => findCoveringTests(root)).toThrow('has no contr');
});

test('finds the file that a control plants', () => {
  const fault = "{ file: 'src/b.ts', text: 'off' }";
  write('src/a.test.ts', `test('x', covers('d.e').control('b is there', ${fault}), run);`);
  expect(findCoveringTests(root)[0]?.fault).toEqual({ file: 'src/b.ts', text: 'off' });
});

test('refuses a test without a control', () => {
  write('src/a.test.ts', "test('x', covers('d.e'), run);");
  expect(() => findCoveringTests(root)).toThrow('src/a.test.ts: "x" covers rows and has no contr');
  rmSync(join(root, 'src/a.test.ts'));
  write('bridge/tests/test_a.py', '@pytest.mark.covers("d.e")\ndef test_x_y() -> None:\n');
  expect(() => findCoveringTests(root)).toThrow('bridge/tests/test_a.py: "x y" covers rows and');
});

test('refuses what is not written out, and two of one id', () => {
  const refused = 'src/a.test.ts: a test that covers rows has title, ids and control written out';
  for (const wrong of [
    covering('x', 'd.e').replace("'x'", "'of ' + name"),
    covering('x', 'd.e').replace("'d.e'", 'ROW'),
    covering('x', 'd.e').replace("'it is off'", 'name'),
    covering('x', 'd.e').replace("from: 'on'", 'from: on'),
  ]) {
    write('src/a.test.ts', wrong);
    expect(() => findCoveringTests(root), wrong).toThrow(refused);
  }
  write('src/a.test.ts', `${covering('x', 'd.e')} ${covering('X', 'd.e')}`);
  expect(() => findCoveringTests(root)).toThrow('two tests that cover rows are called test.src:x');
  rmSync(join(root, 'src/a.test.ts'));
  write('bridge/tests/test_a.py', "@pytest.mark.covers('d.e')\n@slow(\n)\ndef test_x():\n");
  expect(() => findCoveringTests(root)).toThrow('strings in double quotes');
});
