import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { cyclesOf, importsOf } from '../../src/cli/syntax/imports.ts';
import { placeOf, violationOf } from './layers.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** All TypeScript below the folders that have a layer. */
function readTree(): ReadonlyMap<string, string> {
  const folders = ['src', 'suites', 'e2e', 'scripts', 'bench'].filter((folder) =>
    existsSync(root + folder),
  );
  const files = folders.flatMap((folder) =>
    readdirSync(root + folder, { recursive: true, encoding: 'utf8' }).map(
      (file) => `${folder}/${file.replaceAll('\\', '/')}`,
    ),
  );
  const sources = files.filter(
    (file) => /\.ts$/.test(file) && !/\.d\.ts$|\/node_modules\//.test(file),
  );
  return new Map(sources.map((file) => [file, readFileSync(root + file, 'utf8')]));
}

const tree = readTree();
const importsIn = (files: ReadonlyMap<string, string>) =>
  [...files].flatMap(([file, source]) => importsOf(file, source));
const imports = importsIn(tree);

/** The parts of the engine that a replica of a training step holds to account. */
const JUDGED = /^src\/(?:train|autograd|models|ops|backends)\//;

/** The files of src/reference, and all that they and those import. */
function reachedByReference(edges = imports): readonly string[] {
  const own = [...tree.keys()].filter((file) => /^src\/reference\/.*(?<!\.test)\.ts$/.test(file));
  const reached = new Set(own);
  for (const each of reached)
    for (const { from, to, glob } of edges) if (from === each && !glob) reached.add(to);
  return [...reached];
}

describe('the tree', () => {
  test('covers every TypeScript file that git knows, with imports of every kind', () => {
    const known = execFileSync('git', ['ls-files', 'src', 'suites', 'e2e', 'scripts', 'bench'], {
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

  test('has a replica of training that reaches nothing of what it judges', () => {
    const reached = reachedByReference();
    expect(reached).toContain('src/reference/step/stages.ts');
    expect(reached).toContain('src/vocabulary/optim/lr_schedule.ts');
    expect(reached.filter((file) => JUDGED.test(file))).toEqual([]);
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
      'src/reference/step/planted.ts',
      "import { scheduledRate } from '../../ops/optim/lr_schedule.ts';",
      'the leaf src/reference may use',
    ],
    [
      'src/reference/step/planted.ts',
      "import type { Stage } from '../../train/stage.ts';",
      'the leaf src/reference may use',
    ],
    [
      'src/reference/step/planted.ts',
      "import { Tape } from '../../autograd/tape.ts';",
      'the leaf src/reference may use',
    ],
    [
      'src/reference/networks/planted.ts',
      "import { Layers } from '../../models/layers.ts';",
      'the leaf src/reference may use',
    ],
    [
      'src/formats/planted.ts',
      "import { records } from '../reference/registry.ts';",
      'the leaf src/formats may use',
    ],
    [
      'src/train/loop/planted.ts',
      "import type { Mlp } from '../../models/mlp/mlp.ts';",
      'names no model, data set or optimizer',
    ],
    [
      'src/train/loop/planted.ts',
      "import { drawSpirals } from '../../data/spirals.ts';",
      'names no model, data set or optimizer',
    ],
    [
      'src/train/loop/planted.ts',
      "import { stepAdamw } from '../../ops/optim/adamw_step.ts';",
      'names no model, data set or optimizer',
    ],
    ['src/cli/planted.ts', "import '../elsewhere/thing.ts';", 'is in no layer'],
  ])('%s: %s', (file, source, message) => {
    const found = importsOf(file, source).flatMap((one) => violationOf(one) ?? []);
    expect(found).toEqual([expect.stringContaining(message)]);
  });

  test('and what a replica reaches through another file', () => {
    const planted = importsOf('src/tensor/shape.ts', "import { Tape } from '../autograd/tape.ts';");
    expect(reachedByReference([...imports, ...planted])).toContain('src/autograd/tape.ts');
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
