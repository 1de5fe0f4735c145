import { expect, test } from 'vitest';
import type { Case } from '../../testing/suite.ts';
import { CaseQueue } from './case-queue.ts';
import type { Item } from './run-results.ts';

/** Items of suites that are named by the first letter of their id. */
function itemsOf(ids: string): Item[] {
  return ids.split(' ').map((id) => ({
    declared: { id, suite: id.charAt(0) } as Case,
    attempts: 0,
    failures: [],
    lossesAlone: 0,
  }));
}

/** The ids that workers get who ask in turn. */
function taken(queue: CaseQueue, workers: readonly number[]): (string | undefined)[] {
  return workers.map((worker) => queue.take(worker)?.declared.id);
}

test('one worker gets the cases in their order', () => {
  const queue = new CaseQueue(itemsOf('a1 a2 b1 c1 c2'), { keepsOrder: false });
  expect(taken(queue, [0, 0, 0, 0, 0, 0])).toEqual(['a1', 'a2', 'b1', 'c1', 'c2', undefined]);
});

test('workers keep to suites of their own, and help where no other is left', () => {
  const queue = new CaseQueue(itemsOf('a1 a2 a3 a4 b1 b2 c1'), { keepsOrder: false });
  expect(taken(queue, [0, 1, 0, 1, 1, 1, 0])).toEqual(['a1', 'c1', 'a2', 'b1', 'b2', 'a3', 'a4']);
  expect(queue.size).toBe(0);
});

test('every second worker begins with the last suites, whose kernels are others', () => {
  const queue = new CaseQueue(itemsOf('a1 b1 b2 c1 c2 d1'), { keepsOrder: false });
  expect(taken(queue, [0, 1, 2, 3, 3, 1])).toEqual(['a1', 'd1', 'b1', 'c1', 'c2', 'b2']);
});

test('the suite of every op goes to the worker that begins with the suites of ops', () => {
  const items = ['nn.a', 'ops.b', 'ops.c', 'ops.wants', 'train.d'].map(
    (suite): Item => ({
      ...(itemsOf('a1')[0] as Item),
      declared: { id: suite, suite } as Case,
    }),
  );
  const queue = new CaseQueue(items, { keepsOrder: false });
  expect(taken(queue, [0, 1, 0, 0, 1])).toEqual(['nn.a', 'train.d', 'ops.wants', 'ops.b', 'ops.c']);
  const inOrder = new CaseQueue(items, { keepsOrder: true });
  expect(taken(inOrder, [0, 0, 0])).toEqual(['nn.a', 'ops.b', 'ops.c']);
  const alone = new CaseQueue(items.slice(3), { keepsOrder: false });
  expect(taken(alone, [0, 0])).toEqual(['train.d', 'ops.wants']);
});

test('the suite of attention goes to the worker that begins with the trainings', () => {
  const attention = 'ops.attention.scaled_dot_product_attention';
  const items = [attention, 'ops.b', 'quant.c', 'train.d'].map(
    (suite): Item => ({
      ...(itemsOf('a1')[0] as Item),
      declared: { id: suite, suite } as Case,
    }),
  );
  const queue = new CaseQueue(items, { keepsOrder: false });
  expect(taken(queue, [0, 1, 1, 0])).toEqual(['ops.b', attention, 'train.d', 'quant.c']);
  const inOrder = new CaseQueue(items, { keepsOrder: true });
  expect(taken(inOrder, [0, 0])).toEqual([attention, 'ops.b']);
});

test('the suite of a worker that left is free', () => {
  const queue = new CaseQueue(itemsOf('a1 a2 b1'), { keepsOrder: false });
  queue.take(0);
  queue.leave(0);
  expect(taken(queue, [2, 2])).toEqual(['a2', 'b1']);
});

test('a case that is put first is the next one, also for a worker that is at its suite', () => {
  const queue = new CaseQueue(itemsOf('a1 a2 b1'), { keepsOrder: false });
  const first = queue.take(0) as Item;
  queue.putFirst(first);
  expect(taken(queue, [0, 1])).toEqual(['a1', 'b1']);
});

test('an order that was asked for is kept', () => {
  const queue = new CaseQueue(itemsOf('b1 a1 b2 a2'), { keepsOrder: true });
  expect(taken(queue, [0, 1, 0, 1])).toEqual(['b1', 'a1', 'b2', 'a2']);
});
