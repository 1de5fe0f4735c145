import { expect, test } from 'vitest';
import { methods } from '../registry.ts';
import { schemesOf } from './schemes.ts';

test('takes what is usual of every method', () => {
  const schemes = schemesOf(() => true, false);
  expect(schemes.map(({ method }) => method)).toEqual([...methods.keys()]);
  expect(schemes.find(({ method }) => method === 'hqq')).toEqual({
    method: 'hqq',
    bits: 4,
    groupSize: 64,
    axis: 0,
  });
});

test('takes each width, group and axis', () => {
  expect(schemesOf((name) => name === 'hqq', true)).toHaveLength(5 * 5 * 2);
  expect(schemesOf((name) => name === 'quanto_int', true)).toHaveLength(2 * 4);
  expect(schemesOf(() => false, true)).toEqual([]);
});
