import { expect, test } from 'vitest';
import type { PlanEntry } from '../../harness/events.ts';
import { rowsOf, suiteTree } from './suite-tree.ts';
import { rowAfter, TypeAhead } from './tree-keys.ts';

const entry = (id: string): PlanEntry => ({
  id,
  backend: 'webgpu',
  suite: id.split(':')[0] ?? '',
  tier: 'quick',
  description: '',
  control: '',
  covers: [],
});
/** `a` with `b` (two cases) and `c` below, and `d`; all open. */
const rows = rowsOf(
  suiteTree(['a.b:1', 'a.b:2', 'a.c:1', 'd:1'].map(entry)),
  new Set(['a', 'a.b', 'a.c', 'd']),
);
const label = (index: number | undefined) => rows[index ?? -1]?.path;

test('arrows go to the next and previous row, the first child and the parent', () => {
  const at = rows.findIndex(({ path }) => path.endsWith('a.b'));
  expect(label(rowAfter('ArrowDown', rows, at, 5))).toBe(rows[at + 1]?.path);
  expect(label(rowAfter('ArrowUp', rows, at, 5))).toBe(rows[at - 1]?.path);
  expect(rowAfter('ArrowRight', rows, at, 5)).toBe(at + 1);
  expect(rowAfter('ArrowRight', rows, at + 1, 5)).toBe(at + 1); // a case has nothing below
  expect(rowAfter('ArrowLeft', rows, at + 2, 5)).toBe(at);
  expect(rowAfter('ArrowLeft', rows, at, 5)).toBe(0);
  expect(rowAfter('ArrowLeft', rows, 0, 5)).toBe(0);
});

test('no key leads out of the tree, and other keys do nothing', () => {
  const last = rows.length - 1;
  expect(rowAfter('ArrowUp', rows, 0, 5)).toBe(0);
  expect(rowAfter('PageUp', rows, 2, 5)).toBe(0);
  expect(rowAfter('ArrowDown', rows, last, 5)).toBe(last);
  expect(rowAfter('PageDown', rows, 1, 2)).toBe(3);
  expect(rowAfter('PageDown', rows, last - 1, 5)).toBe(last);
  expect([rowAfter('Home', rows, 3, 5), rowAfter('End', rows, 3, 5)]).toEqual([0, last]);
  expect([
    rowAfter('x', rows, 0, 5),
    rowAfter('Escape', rows, 0, 5),
    rowAfter('End', [], 0, 5),
  ]).toEqual([undefined, undefined, undefined]);
});

test('letters find the next name that begins with them, and time begins a new word', () => {
  const names = ['matmul', 'Norm', 'math', 'nll', 'mathematics'];
  const typing = new TypeAhead();
  expect(typing.next('m', names, 0, 0)).toBe(2);
  expect(typing.next('a', names, 2, 100)).toBe(2);
  expect(typing.next('t', names, 2, 200)).toBe(2);
  expect(typing.next('h', names, 2, 300)).toBe(2);
  expect(typing.next('e', names, 2, 400)).toBe(4);
  expect(typing.next('n', names, 4, 2000)).toBe(1);
  expect(typing.next('x', names, 1, 4000)).toBe(1);
});
