import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chunksOf, type ImportsOf } from './vite-page-chunks.ts';

/** A page of a few modules by what each imports: at once, and when it asks for it. */
const IMPORTS: Readonly<Record<string, readonly [now: readonly string[], later?: string[]]>> = {
  'src/ui/app/main.ts': [
    ['src/harness/next-task.ts', 'src/ui/messages/language.ts', 'src/ui/app/app-element.ts'],
  ],
  'src/ui/messages/language.ts': [['src/ui/messages/words.ts'], ['src/ui/messages/de.ts']],
  'src/ui/messages/de.ts': [['src/ui/app/frame.de.ts']],
  'src/ui/app/app-element.ts': [
    ['node_modules/lit/index.js', 'src/errors.ts'],
    ['src/ui/share/shared-view.ts', 'src/harness/registry.ts'],
  ],
  'src/ui/share/shared-view.ts': [
    ['src/report/link.ts', 'src/catalog/rows.json', 'src/ui/app/app-element.ts'],
  ],
  'src/ops/registry.ts': [['src/ops/nn/silu.ts']],
  'src/ops/nn/silu.ts': [['src/gpu/kernel.ts', 'src/errors.ts']],
  'src/reference/registry.ts': [['src/reference/nn/silu.ts']],
  'src/harness/registry.ts': [
    [
      ...['src/ops/registry.ts', 'src/reference/registry.ts', 'src/report/link.ts', 'src/case.ts'],
      'src/catalog/rows.json',
    ],
    ['suites/nn/a.suite.ts', 'suites/nn/b.suite.ts'],
  ],
  'suites/nn/a.suite.ts': [['suites/nn/layer.ts', 'src/case.ts', 'src/train/loss.ts']],
  'suites/nn/b.suite.ts': [['suites/nn/layer.ts', 'shaders/lib/quads.wgsl']],
};
const importsOf: ImportsOf = (id) => {
  const [now = [], later = []] = IMPORTS[id.slice('/root/'.length)] ?? [];
  const inRoot = (paths: readonly string[]) => paths.map((path) => join('/root', path));
  return { importedIds: inRoot(now), dynamicallyImportedIds: inRoot(later) };
};
const chunks = chunksOf(
  '/root',
  {
    name: 'engine',
    roots: ['suites/nn/a.suite.ts', 'suites/nn/b.suite.ts'],
    only: /\/(src|shaders)\//,
  },
  importsOf,
);
const modulesOf = (name: string) =>
  [...chunks].flatMap(([id, chunk]) => (chunk === name ? [id.slice('/root/'.length)] : []));

test('a module is in the first chunk that imports it', () => {
  expect(modulesOf('base'), 'no element').toEqual(['src/harness/next-task.ts', 'src/errors.ts']);
  expect(modulesOf('page')).toEqual([
    'src/ui/app/app-element.ts',
    'src/ui/messages/language.ts',
    'node_modules/lit/index.js',
    'src/ui/messages/words.ts',
  ]);
  expect(modulesOf('kernels')).toEqual([
    'src/ops/registry.ts',
    'src/ops/nn/silu.ts',
    'src/gpu/kernel.ts',
  ]);
  expect(modulesOf('oracle')).toEqual(['src/reference/registry.ts', 'src/reference/nn/silu.ts']);
  expect(modulesOf('harness')).toEqual([
    'src/harness/registry.ts',
    'src/harness/runner.ts',
    'src/case.ts',
  ]);
  expect(modulesOf('engine')).toEqual(['src/train/loss.ts', 'shaders/lib/quads.wgsl']);
});

test('what the page shows without a run is in no chunk of the harness, and no suite in any', () => {
  expect(modulesOf('shared'), 'both need it').toEqual(['src/report/link.ts']);
  const alone = [
    'src/catalog/rows.json',
    'src/ui/share/shared-view.ts',
    'src/ui/app/frame.de.ts',
    'suites/nn/a.suite.ts',
  ];
  expect(alone.filter((path) => chunks.has(join('/root', path)))).toEqual([]);
});
