import { expect, test } from 'vitest';
import { partsOf, share } from './share.ts';

test('lanes work through all items, each at one at a time', async () => {
  const done: [lane: string, item: number][] = [];
  const busy = new Set<string>();
  await share([1, 2, 3, 4, 5], ['a', 'b'], new AbortController().signal, async (item, lane) => {
    expect(busy.has(lane)).toBe(false);
    busy.add(lane);
    await new Promise((resolve) => setTimeout(resolve, 1));
    busy.delete(lane);
    done.push([lane, item]);
  });
  expect(done.map(([, item]) => item).sort()).toEqual([1, 2, 3, 4, 5]);
  expect(new Set(done.map(([lane]) => lane))).toEqual(new Set(['a', 'b']));
});

test('nothing begins after the signal', async () => {
  const ended = new AbortController();
  const begun: number[] = [];
  await share([1, 2, 3], ['a'], ended.signal, async (item) => {
    begun.push(item);
    if (item === 2) ended.abort();
  });
  expect(begun).toEqual([1, 2]);
});

test('parts hold all items in their order', () => {
  expect(partsOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(partsOf([], 2)).toEqual([]);
});
