import { expect, test } from 'vitest';
import type { PlanEntry } from '../../harness/events.ts';
import { suggest, wordAt } from './suggestions.ts';

const plan = ['ops.nn.silu:a', 'ops.nn.softmax:a', 'ops.nn.softmax:b', 'train.tape:a'].map(
  (id): PlanEntry => ({
    id,
    backend: 'webgpu',
    suite: id.split(':')[0] ?? '',
    tier: 'quick',
    description: '',
    control: '',
    covers: [],
  }),
);
const words = (begun: string) => suggest(begun, plan).map(({ word }) => word);

test('finds the word at the caret', () => {
  expect(wordAt('ops.* sta', 9)).toEqual({ start: 6, end: 9, word: 'sta' });
  expect(wordAt('one two three', 5)).toEqual({ start: 4, end: 7, word: 'two' });
  expect(wordAt('one ', 4)).toEqual({ start: 4, end: 4, word: '' });
});

test('offers every filter, then those that begin with the word', () => {
  expect(words('')).toContain('status:wrong');
  expect(words('status:f')).toEqual(['status:fail']);
  expect(words('fail')).toEqual(['status:fail']);
  expect(words('!tie')).toEqual(['!tier:quick', '!tier:full', '!tier:slow']);
  expect(words('soft')).toEqual(['ops.nn.softmax:*']);
  expect(words('ops.n')[0]).toBe('ops.nn.*');
  expect(words('status:fail')).toEqual([]);
});
