import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { parseSync } from 'oxc-parser';
import type { Plugin } from 'vite';
import { isNode, type Node, visit } from '../src/cli/syntax/syntax.ts';

const MODULE = 'virtual:covering-tests';

/** A test of page, command or repository that asserts rows of the catalog, or clauses of rows. */
export interface CoveringTest {
  /** `test.<folder>:<title in kebab-case>` */
  readonly id: string;
  readonly backend: 'page' | 'command' | 'repository';
  readonly file: string;
  readonly title: string;
  readonly covers: readonly string[];
}

/** Lets the program know which tests cover rows, which it does not run itself. */
export function coveringTests(root: string): Plugin {
  return {
    name: 'gradproof-covering-tests',
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : undefined),
    load: (id) =>
      id === `\0${MODULE}`
        ? `export default ${JSON.stringify(findCoveringTests(root))};`
        : undefined,
  };
}

const FOLDERS = ['src', 'suites', 'scripts', 'e2e', 'bridge/tests'];
const TEST_FILE = /\.(test|spec)\.ts$|(^|\/)test_\w+\.py$/;

/**
 * The tests below `root` that call `covers(...)`, by id. Throws Error where a title or an id is not
 * written out, and where two tests have one id.
 */
export function findCoveringTests(root: string): readonly CoveringTest[] {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((file) => `${folder}/${file.split(sep).join('/')}`)
      .filter((file) => TEST_FILE.test(file)),
  );
  const tests = files.flatMap((file) => {
    const source = readFileSync(join(root, file), 'utf8');
    if (!source.includes('covers(')) return [];
    return file.endsWith('.py') ? inPython(file, source) : inTypeScript(file, source);
  });
  const ids = tests.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice) throw new Error(`two tests that cover rows are called ${twice}: rename one`);
  return tests.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** `test('title', covers('row', 'row/clause'), ...)` */
function inTypeScript(file: string, source: string): readonly CoveringTest[] {
  const found: CoveringTest[] = [];
  visit(parseSync(file, source).program, (node) => {
    const [title, covers] = argumentsOf(node);
    if (!covers || !isCallOf(covers, 'covers')) return;
    const texts = [title, ...argumentsOf(covers)].map((each) => each?.['value']);
    if (!texts.every((text) => typeof text === 'string'))
      throw new Error(`${file}: a test that covers rows has title and ids written out`);
    const [name = '', ...ids] = texts;
    found.push(testOf(file, name, ids));
  });
  return found;
}

const PYTHON_TEST = /@pytest\.mark\.covers\(([^)]*)\)\s+(?:@[^\n]*\s+)*def (test_\w+)/g;

function inPython(file: string, source: string): readonly CoveringTest[] {
  return Array.from(source.matchAll(PYTHON_TEST), ([, ids = '', name = '']) =>
    testOf(
      file,
      name.replace('test_', '').replaceAll('_', ' '),
      Array.from(ids.matchAll(/"([^"]+)"/g), ([, id]) => id as string),
    ),
  );
}

function testOf(file: string, title: string, covers: readonly string[]): CoveringTest {
  return { id: testId(file, title), backend: backendOf(file), file, title, covers };
}

/** The id of a test in reports. */
function testId(file: string, title: string): string {
  const folder = dirname(file).replaceAll('/', '.');
  const name = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return `test.${folder}:${name.replace(/^-|-$/g, '')}`;
}

function backendOf(file: string): CoveringTest['backend'] {
  if (/^(e2e\/page|src\/ui)\//.test(file)) return 'page';
  return /^(e2e\/cli|src\/cli)\//.test(file) ? 'command' : 'repository';
}

function isCallOf(node: Node, name: string): boolean {
  const callee = node['callee'];
  return isNode(callee) && callee['name'] === name;
}

function argumentsOf(node: Node): readonly Node[] {
  const given = node.type === 'CallExpression' ? node['arguments'] : [];
  return Array.isArray(given) ? given.filter(isNode) : [];
}
