import { expect, test } from 'vitest';
import { earlyStop } from './early-stopping.ts';

test('goes on while the loss falls, and stops after as many epochs as patience has', () => {
  const losses = [5, 4, 3, 3.1, 3.2, 3.3, 2];
  const stops = losses.map((_, i) => earlyStop(losses.slice(0, i + 1), 3).stops);
  expect(stops.indexOf(true)).toBe(5);
  expect(earlyStop(losses.slice(0, 6), 3).best).toBe(2);
});

test('takes a loss that only equals the best for no progress', () => {
  expect(earlyStop([2, 2, 2], 2)).toEqual({ best: 0, stops: true });
});

test('keeps its best when a later loss is no number', () => {
  const { NaN: NAN } = Number;
  expect(earlyStop([3, 1, NAN, 2], 2)).toEqual({ best: 1, stops: true });
  expect(earlyStop([NAN, 2], 2)).toEqual({ best: 1, stops: false });
  expect(earlyStop([NAN, NAN], 2)).toEqual({ best: -1, stops: true });
});

test('has no best before the first loss', () => {
  expect(earlyStop([], 1)).toEqual({ best: -1, stops: false });
});
