import { expect, test } from 'vitest';
import { differences } from './compare.ts';
import type { CaseSnapshot, MutantSnapshot, Snapshot } from './snapshot.ts';

const NOTHING = { moved: {}, excluded: {} };
const CASE: CaseSnapshot = { status: 'pass', kernels: ['nn/silu'], reads: 'aa' };

function snapshotWith(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    schema: 'gradproof-snapshot/1',
    commit: 'c',
    takenAt: '',
    runtime: 'node 20',
    planHash: 'ff',
    cases: { 'a:b webgpu': CASE },
    bundles: { 'parity.x:y webgpu': CASE },
    ...changes,
  };
}

const withCase = (changes: Partial<CaseSnapshot>) =>
  snapshotWith({ cases: { 'a:b webgpu': { ...CASE, ...changes } } });

test('equal snapshots do not differ, whatever their times and commits', () => {
  const later = snapshotWith({ commit: 'd', takenAt: '2026' });
  expect(differences(snapshotWith(), later, NOTHING)).toEqual([]);
});

test.each<[Snapshot, string]>([
  [snapshotWith({ runtime: 'node 21' }), 'runtime: node 20 became node 21'],
  [snapshotWith({ planHash: '00' }), 'planHash: ff became 00'],
  [snapshotWith({ cases: {} }), 'a:b webgpu: is gone'],
  [withCase({ status: 'fail' }), 'a:b webgpu: status: pass became fail'],
  [withCase({ code: 'leak' }), 'a:b webgpu: code: none became leak'],
  [withCase({ kernels: ['nn/gelu'] }), 'a:b webgpu: kernels: nn/silu became nn/gelu'],
  [withCase({ reads: 'bb' }), 'a:b webgpu: what it read back: aa became bb'],
  [snapshotWith({ bundles: {} }), 'parity.x:y webgpu: is gone'],
  [snapshotWith({ mutants: [] }), 'mutants: only the second has them'],
])('a difference is a line: %#', (after, line) => {
  expect(differences(snapshotWith(), after, NOTHING)).toEqual([line]);
});

test('kernels are compared through the table of those that moved', () => {
  const after = withCase({ kernels: ['act/silu'] });
  expect(
    differences(snapshotWith(), after, { moved: { 'nn/silu': 'act/silu' }, excluded: {} }),
  ).toEqual(['parity.x:y webgpu: kernels: act/silu became nn/silu']);
});

test('only the reads of an excluded case are left out; one case in a hundred may be excluded', () => {
  const many = Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`m:${i} webgpu`, CASE]));
  const of = (changes: Partial<CaseSnapshot>) =>
    snapshotWith({ cases: { ...many, 'a:b webgpu': { ...CASE, ...changes } } });
  const excluding = (...ids: string[]) => ({
    moved: {},
    excluded: Object.fromEntries(ids.map((id) => [id, 'the clock'])),
  });
  expect(differences(of({}), of({ reads: 'bb' }), excluding('a:b'))).toEqual([]);
  expect(differences(of({}), of({ status: 'fail' }), excluding('a:b'))).toHaveLength(1);
  expect(differences(of({}), of({}), excluding('a:c'))).toEqual([
    'a:c is excluded, and no case is called so',
  ]);
  expect(differences(of({}), of({}), excluding('a:b', 'm:1'))).toEqual([
    '2 cases are excluded: at most 1 may be',
  ]);
});

test('mutants are compared by kernel and change; those of merged kernels are new, and none may survive', () => {
  const mutant = (kernel: string, verdict: string): MutantSnapshot => ({
    kernel,
    change: 'sign: "x" (1) became "-(x)"',
    verdict,
  });
  const of = (...mutants: MutantSnapshot[]) => snapshotWith({ mutants });
  const before = of(mutant('a', 'killed'), mutant('b', 'killed'));
  const changes = (after: Snapshot, moved: Record<string, string | string[]>) =>
    differences(before, after, { moved, excluded: {} });
  expect(changes(of(mutant('a', 'killed'), mutant('c', 'killed')), { b: 'c' })).toEqual([]);
  expect(changes(of(mutant('a', 'survived'), mutant('b', 'killed')), {})).toEqual([
    'a: sign: "x" (1) became "-(x)": killed became survived',
  ]);
  expect(changes(of(mutant('c', 'killed')), { a: 'c', b: 'c' })).toEqual([]);
  expect(changes(of(mutant('c', 'survived')), { a: 'c', b: 'c' })).toEqual([
    'c: sign: "x" (1) became "-(x)": survived in the merged text',
  ]);
  expect(changes(of(mutant('c', 'killed'), mutant('b', 'killed')), { a: ['a', 'c'] })).toEqual([]);
  expect(changes(of(mutant('c', 'survived'), mutant('b', 'killed')), { a: ['a', 'c'] })).toEqual([
    'c: sign: "x" (1) became "-(x)": survived in the merged text',
  ]);
});
