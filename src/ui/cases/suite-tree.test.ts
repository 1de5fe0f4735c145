import { expect, test } from 'vitest';
import type { PlanEntry } from '../../harness/events.ts';
import { filterOf } from '../../harness/filter.ts';
import {
  type Branch,
  countTree,
  findInTree,
  patternsFor,
  rowsOf,
  suiteTree,
} from './suite-tree.ts';

const entry = (id: string, backend = 'webgpu'): PlanEntry => ({
  id,
  backend,
  suite: id.split(':')[0] ?? '',
  tier: 'quick',
  description: '',
  control: '',
  covers: [],
});
const plan = ['a.b.c:1', 'a.b.c:2', 'a.b.d:1', 'a.e:1', 'f.g:1', 'f.g.h:1'].map((id) => entry(id));
const shape = (branches: readonly Branch[]): unknown =>
  branches.map(({ label, branches: below, leaves }) => [
    label,
    ...leaves.map((leaf) => leaf.label),
    ...(shape(below) as unknown[]),
  ]);

test('suites are a tree of their names; a chain without a fork is one branch', () => {
  expect(shape(suiteTree(plan))).toEqual([
    ['a', ['b', ['c', '1', '2'], ['d', '1']], ['e', '1']],
    ['f.g', '1', ['h', '1']],
  ]);
  expect(suiteTree(plan).map(({ size, patterns }) => ({ size, patterns }))).toEqual([
    { size: 4, patterns: ['a.*'] },
    { size: 2, patterns: ['f.g:*', 'f.g.*'] },
  ]);
});

test('what another backend computes stands below its name', () => {
  const tree = suiteTree([...plan, entry('a.e:1', 'bridge-numpy-cpu')]);
  expect(tree.at(-1)).toMatchObject({
    label: 'bridge-numpy-cpu',
    size: 1,
    branches: [{ label: 'a.e', path: 'bridge-numpy-cpu a.e' }],
  });
});

test.each([
  [['a.b.c:1', 'a.b.c:2']],
  [['a.b.c:1', 'a.b.d:1', 'f.g:1']],
  [['f.g:1', 'f.g.h:1', 'a.e:1']],
  [plan.map(({ id }) => id)],
])('patterns select %j and nothing else', (ids) => {
  const patterns = patternsFor(
    plan.filter(({ id }) => ids.includes(id)),
    plan,
  );
  expect(plan.map(({ id }) => id).filter(filterOf(patterns))).toEqual(
    plan.map(({ id }) => id).filter((id) => ids.includes(id)),
  );
});

test('a whole branch is one pattern', () => {
  expect(patternsFor(plan.slice(0, 3), plan)).toEqual(['a.b.*']);
});

test('counts how the cases of each branch stand', () => {
  const running = new Set(['a.b.c:1 webgpu']);
  const waiting = new Set(['a.b.c:1 webgpu', 'a.b.c:2 webgpu']);
  const counts = countTree(suiteTree(plan), { results: new Map(), running, waiting });
  expect(counts.get('a')).toEqual({ running: 1, waiting: 1, 'not-run': 2 });
  expect(counts.get('a.b.c')).toEqual({ running: 1, waiting: 1 });
});

test('rows are those of open branches, each with its place among its siblings', () => {
  const tree = suiteTree(plan);
  expect(rowsOf(tree, new Set()).map(({ path }) => path)).toEqual(['a', 'f.g']);
  const rows = rowsOf(tree, new Set(['a', 'a.b.c', 'f.g']));
  expect(
    rows.map(({ path, level, position, siblings }) => [path, level, position, siblings]),
  ).toEqual([
    ['a', 1, 1, 2],
    ['a.b', 2, 1, 2],
    ['a.e', 2, 2, 2],
    ['f.g', 1, 2, 2],
    ['f.g.h', 2, 1, 2],
    ['f.g:1 webgpu', 2, 2, 2],
  ]);
});

test('what is wrong stands first', () => {
  const rows = rowsOf(suiteTree(plan), new Set(['a', 'a.b']), (item) =>
    'key' in item ? item.key === 'f.g:1 webgpu' : item.path === 'f.g' || item.path === 'a.b.d',
  );
  expect(rows.map(({ path }) => path)).toEqual(['f.g', 'a', 'a.b', 'a.b.d', 'a.b.c', 'a.e']);
});

test('finds a case with the branches that it is in', () => {
  expect(findInTree(suiteTree(plan), 'a.b.c:2 webgpu')).toMatchObject({
    item: { label: '2' },
    within: ['a', 'a.b', 'a.b.c'],
  });
  expect(findInTree(suiteTree(plan), 'nowhere')).toBeUndefined();
});
