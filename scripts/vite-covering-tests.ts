import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import type { Plugin } from 'vite';
import { inPython } from './covering-tests/python.ts';
import { inTypeScript } from './covering-tests/typescript.ts';
import type { WrittenTest } from './covering-tests/written.ts';

const MODULE = 'virtual:covering-tests';

/** A test of page, command or repository that asserts rows of the catalog, or clauses of rows. */
export interface CoveringTest extends WrittenTest {
  /** `test.<folder>:<title in kebab-case>` */
  readonly id: string;
  readonly backend: 'page' | 'command' | 'repository';
  readonly file: string;
}

/** Lets the program know which tests cover rows, which it does not run itself. */
export function coveringTests(root: string): Plugin {
  return {
    name: 'gradproof-covering-tests',
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : undefined),
    load: (id) => (id === `\0${MODULE}` ? moduleOf(findCoveringTests(root)) : undefined),
  };
}

/** The faults stand apart: the page shows tests and breaks nothing. */
function moduleOf(found: readonly CoveringTest[]): string {
  const tests = found.map(({ fault: _, ...test }) => test);
  const faults = Object.fromEntries(found.map(({ id, fault }) => [id, fault]));
  return `export default ${JSON.stringify(tests)};\nexport const faults = ${JSON.stringify(faults)};`;
}

const FOLDERS = ['src', 'suites', 'scripts', 'e2e', 'bench/ort', 'bridge/tests'];
const TEST_FILE = /\.(test|spec)\.ts$|(^|\/)test_\w+\.py$/;

/**
 * The tests below `root` that call `covers(...)`, by id. Throws Error where a test names no control,
 * where title, ids or control are not written out, and where two tests have one id.
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
    const written = file.endsWith('.py') ? inPython(file, source) : inTypeScript(file, source);
    return written.map((test) => ({
      id: testId(file, test.title),
      backend: backendOf(file),
      file,
      ...test,
    }));
  });
  const ids = tests.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice) throw new Error(`two tests that cover rows are called ${twice}: rename one`);
  return tests.sort((a, b) => (a.id < b.id ? -1 : 1));
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
