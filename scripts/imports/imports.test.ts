import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { cyclesOf, importsOf } from './graph.ts';
import { placeOf, violationOf } from './layers.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** All TypeScript below the folders that have a layer. */
function readTree(): ReadonlyMap<string, string> {
  const folders = ['src', 'suites', 'e2e', 'scripts'].filter((folder) => existsSync(root + folder));
  const files = folders.flatMap((folder) =>
    readdirSync(root + folder, { recursive: true, encoding: 'utf8' }).map(
      (file) => `${folder}/${file.replaceAll('\\', '/')}`,
    ),
  );
  const sources = files.filter((file) => /\.ts$/.test(file) && !file.endsWith('.d.ts'));
  return new Map(sources.map((file) => [file, readFileSync(root + file, 'utf8')]));
}

const tree = readTree();
const importsIn = (files: ReadonlyMap<string, string>) =>
  [...files].flatMap(([file, source]) => importsOf(file, source));
const imports = importsIn(tree);

describe('the tree', () => {
  test('covers every TypeScript file that git knows, with imports of every kind', () => {
    const known = execFileSync('git', ['ls-files', 'src', 'suites', 'e2e', 'scripts'], {
      cwd: root,
      encoding: 'utf8',
    });
    const committed = known
      .split('\n')
      .filter((file) => /\.ts$/.test(file) && !file.endsWith('.d.ts') && existsSync(root + file));
    expect(committed.length).toBeGreaterThan(50);
    expect([...tree.keys()]).toEqual(expect.arrayContaining(committed));
    const edges = imports.map(({ from, to }) => `${from} -> ${to}`);
    // The worker, by `new URL(...)`.
    expect(edges).toContain('src/harness/worker/web-link.ts -> src/harness/worker/web-worker.ts');
    expect(edges).toContain('src/harness/registry.ts -> suites/'); // import.meta.glob
    expect(edges).toContain('src/harness/plan.ts -> src/harness/events.ts'); // of types alone
    expect(edges).toContain('src/cli/runtime/open.ts -> src/cli/runtime/node.ts'); // import()
    expect(edges.length).toBeGreaterThan(tree.size);
  });

  test('imports only what exists', () => {
    expect(imports.filter(({ to, glob }) => !glob && !existsSync(root + to))).toEqual([]);
  });

  test('has every file in a layer or leaf', () => {
    expect([...tree.keys()].filter((file) => placeOf(file) === undefined)).toEqual([]);
  });

  test('imports in one direction', () => {
    expect(imports.flatMap((one) => violationOf(one) ?? [])).toEqual([]);
  });

  test('gives no feature of the page the whole of it', () => {
    const app = imports.filter(({ to }) => to === 'src/ui/app/app.ts');
    expect(app.map(({ from }) => from)).toContain('src/ui/app/app-element.ts');
    expect(app.filter(({ from }) => !from.startsWith('src/ui/app/'))).toEqual([]);
  });

  test('has no cycle', () => {
    expect(cyclesOf(imports).map((files) => files.join(' -> '))).toEqual([]);
  });
});

describe('a planted violation is found', () => {
  test.each([
    [
      'src/gpu/planted.ts',
      "import { run } from '../harness/runner.ts';",
      'src/gpu stands below src/harness',
    ],
    [
      'src/ops/planted.ts',
      "import type { Suite } from '../testing/suite.ts';",
      'src/ops stands below src/testing',
    ],
    [
      'src/ui/planted.ts',
      "export { servePage } from '../cli/server.ts';",
      'src/ui stands beside src/cli',
    ],
    [
      'src/models/planted.ts',
      "const late = () => import('../train/config.ts');",
      'src/models stands below src/train',
    ],
    [
      'src/testing/planted.ts',
      "import.meta.glob('../../suites/**/*.suite.ts');",
      'src/testing stands below suites',
    ],
    [
      'src/train/planted.ts',
      "new URL('../harness/worker/web-worker.ts', import.meta.url);",
      'src/train stands below src/harness',
    ],
    [
      'src/tensor/planted.ts',
      "type Late = import('../autograd/tape.ts').Tape;",
      'src/tensor stands below src/autograd',
    ],
    [
      'src/reference/planted.ts',
      "import { Tensor } from '../tensor/tensor.ts';",
      'the leaf src/reference may use',
    ],
    [
      'src/formats/planted.ts',
      "import { records } from '../reference/registry.ts';",
      'the leaf src/formats may use',
    ],
    ['src/cli/planted.ts', "import '../elsewhere/thing.ts';", 'is in no layer'],
  ])('%s: %s', (file, source, message) => {
    const planted = importsIn(new Map([...tree, [file, source]]));
    const found = planted.flatMap((one) => violationOf(one) ?? []);
    expect(found.filter((text) => text.startsWith(file))).toEqual([
      expect.stringContaining(message),
    ]);
  });

  test('and a cycle, through types too', () => {
    const files = new Map([
      ['src/gpu/a.ts', "import { b } from './b.ts';"],
      ['src/gpu/b.ts', "import type { C } from './c.ts';"],
      ['src/gpu/c.ts', "export * from './a.ts';"],
      ['src/gpu/d.ts', "import { a } from './a.ts';"],
    ]);
    expect(cyclesOf(importsIn(files))).toEqual([['src/gpu/a.ts', 'src/gpu/b.ts', 'src/gpu/c.ts']]);
  });
});
