import { expect, test } from 'vitest';
import { QuestionQueue } from './question-queue.ts';

const NEVER = new Promise<never>(() => {});
const question = (maxTokens: number) => ({ prompt: [1], maxTokens });

test('questions are taken in their order, and one that is dropped is not', () => {
  const queue = new QuestionQueue();
  for (const id of [5, 6, 7]) queue.add(id, question(id));
  queue.drop(6);
  expect([queue.take()?.id, queue.take()?.id, queue.take()]).toEqual([5, 7, undefined]);
});

test('an answer is wanted from the taking of its question until that is dropped', () => {
  const queue = new QuestionQueue();
  queue.add(1, question(1));
  expect(queue.isWanted(1)).toBe(false);
  queue.take();
  expect([queue.isWanted(1), queue.isWanted(2)]).toEqual([true, false]);
  queue.drop(2);
  expect(queue.isWanted(1)).toBe(true);
  queue.drop(1);
  expect(queue.isWanted(1)).toBe(false);
});

test('who waits is woken by a question, by the end of the talk, and by something else', async () => {
  const queue = new QuestionQueue();
  const first = queue.arrival(NEVER);
  queue.add(1, question(1));
  await first;
  await queue.arrival(NEVER); // it waits still
  queue.take();
  await queue.arrival(Promise.resolve());
  const last = queue.arrival(NEVER);
  queue.close();
  await last;
  await queue.arrival(NEVER);
});

test('a talk that is closed has no questions, and no answer is wanted', () => {
  const queue = new QuestionQueue();
  queue.add(1, question(1));
  queue.add(2, question(2));
  queue.take();
  queue.close();
  expect([queue.isClosed, queue.isWanted(1), queue.take()]).toEqual([true, false, undefined]);
});

test('what was asked before a stop is wanted no more, and what is asked later is', () => {
  const queue = new QuestionQueue();
  queue.add(1, question(1));
  queue.add(2, question(2));
  queue.take();
  queue.clear();
  expect([queue.isClosed, queue.isWanted(1), queue.take()]).toEqual([false, false, undefined]);
  queue.add(3, question(3));
  expect(queue.take()?.id).toBe(3);
});
