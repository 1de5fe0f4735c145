import { expect, test } from 'vitest';
import { nearestFilters } from './nearest.ts';

const IDS = [
  'ops.nn.silu:legal;x=1',
  'ops.nn.silu:exact;x=7x9',
  'ops.nn.softmax:legal;x=1',
  'ops.quant.quantize_4bit:legal;format=nf4',
  'train.trainer:learns',
  'train.tape:view',
];

test.each([
  ['ops.nn.sillu:*', ['ops.nn.silu:*']],
  ['ops.nn.sliu', ['ops.nn.silu:*']],
  ['sofmax', ['ops.nn.softmax:*']],
  ['Quantise_4bit.*', ['ops.quant.quantize_4bit:*']],
  ['train.trainr:learns', ['train.trainer:*']],
  ['ops.nn.silu:legl;x=1', ['ops.nn.silu:legal;x=1']],
  ['ops.nn.silu:legl*', ['ops.nn.silu:legal;x=1']],
  ['!train.tap', ['*train.tap*']],
])('%s: did you mean %s', (glob, filters) => {
  expect(nearestFilters(glob, IDS)).toEqual(filters);
});

test('a text that ids hold is a filter with any characters around it, as they spell it', () => {
  expect(nearestFilters('SiLU', IDS)).toEqual(['*silu*']);
  expect(nearestFilters('quant', IDS)).toEqual(['*quant*']);
});

test('nothing is proposed where nothing is near', () => {
  expect(nearestFilters('no-such-suite.*', IDS)).toEqual([]);
  expect(nearestFilters('*', IDS)).toEqual([]);
  expect(nearestFilters('zzz', IDS)).toEqual([]);
});

test('the nearest come first, and no more than three', () => {
  const suites = ['abcdefgh', 'abcdefgx', 'abcdefxx', 'abcdexgh', 'xxxxxxxx'].map((s) => `${s}:a`);
  expect(nearestFilters('abcdefgy', suites)).toEqual(['abcdefgh:*', 'abcdefgx:*', 'abcdefxx:*']);
});
