import { expect, test } from 'vitest';
import { methods, schemeOf } from '../registry.ts';
import { metaWords } from './meta-words.ts';
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

test('takes each width, group and axis, and way to keep zeros and scales', () => {
  const all = schemesOf((name) => name === 'hqq', true);
  expect(all).toHaveLength(5 * 5 * 2 * 3);
  expect(all.slice(0, 3).map(metaWords)).toEqual(['', ' zero8', ' zero8 scale8']);
  expect(schemesOf((name) => name === 'quanto_int', true)).toHaveLength(2 * 4 * 2);
  expect(schemesOf(() => false, true)).toEqual([]);
});

test('zeros and scales are codes of the methods that have them so', () => {
  const { choice, parts, refuses } = schemeOf({
    ...{ method: 'hqq', quantZero: true, quantScale: true },
  });
  expect(choice).toEqual({ bits: 4, group: 64, axis: 0, quantZero: true, quantScale: true });
  expect(parts([128, 128])).toEqual({
    packed: { dtype: 'u8', shape: [32, 256] },
    scale_q: { dtype: 'u8', shape: [128, 2] },
    meta_scale_scale: { dtype: 'f32', shape: [1, 2] },
    meta_scale_zero: { dtype: 'f32', shape: [1, 2] },
    zero_q: { dtype: 'u8', shape: [1, 256] },
    meta_zero_scale: { dtype: 'f32', shape: [1] },
    meta_zero_zero: { dtype: 'f32', shape: [1] },
  });
  expect([refuses?.([128, 128]), refuses?.([64, 64]), refuses?.([3, 7])]).toEqual([
    undefined,
    '64 scales are no groups of 128',
    '21 elements are no groups of 64',
  ]);
  expect(schemeOf({ method: 'hqq', quantZero: false }).choice).toEqual({
    ...{ bits: 4, group: 64, axis: 0 },
  });
  expect(() => schemeOf({ method: 'quanto_int', quantZero: true, quantScale: true })).toThrow(
    'quantZero and quantScale of quanto_int: it has none',
  );
  expect(() => schemeOf({ method: 'nf4', quantZero: true, quantScale: true })).toThrow(
    'quantZero of nf4: it has none',
  );
});

test('of 4 bits scales are codes, with what they are decoded with', () => {
  expect(schemeOf({ method: 'nf4', quantScale: true }).parts([128, 200])).toEqual({
    packed: { dtype: 'u8', shape: [12_800, 1] },
    absmax_q: { dtype: 'u8', shape: [400] },
    nested_absmax: { dtype: 'f32', shape: [2] },
    nested_offset: { dtype: 'f32', shape: [1] },
    code: { dtype: 'f32', shape: [256] },
  });
});
