import { expect, test } from 'vitest';
import { Random } from '../../tensor/random.ts';
import { record } from './range_violations.ts';

const foundIn = (data: readonly number[], params: { low?: number; high?: number } = {}) => {
  const x = { shape: [data.length], data: Float64Array.from(data) };
  return [...record.forward({ x }, params).found.data];
};

test('counts what lies outside of the range and names the first, and 2^32 - 1 for none', () => {
  expect(foundIn([1, 3, 4, 2, -5], { low: 1, high: 3 })).toEqual([2, 2]);
  expect(foundIn([1, 3, 4, 2, -5], { low: -5, high: 4 })).toEqual([0, 4294967295]);
  expect(foundIn([7, -9, 4], { high: 5 })).toEqual([1, 0]);
  expect(foundIn([7, -9, 4], { low: 5 })).toEqual([2, 1]);
});

test('without ends counts what is no finite number', () => {
  expect(foundIn([-3e38, 3e38, Number.NaN, Number.NEGATIVE_INFINITY])).toEqual([2, 2]);
});

test('ends are the nearest float32', () => {
  const above = Math.fround(0.1);
  expect(above).toBeGreaterThan(0.1);
  expect(foundIn([above], { high: 0.1 })).toEqual([0, 4294967295]);
  expect(foundIn([-above], { low: -0.1 })).toEqual([0, 4294967295]);
});

test('a sample holds the words at the edges of floats, of both signs', () => {
  const edges = record.samples.find(({ label }) => label['x'] === 'edges');
  const floats = edges?.inputs(new Random(0))['x']?.data as Float32Array;
  const words = [...new Uint32Array(floats.buffer)].map((word) => word.toString(16));
  expect(words).toEqual(
    // Zero, the denormals at both ends, the same of normal numbers around 1, infinity, two NaN.
    ['0', '80000000', '1', '80000001', '7fffff', '807fffff', '800000', '80800000'].concat(
      ['3f800000', 'bf800000', '7f7fffff', 'ff7fffff', '7f800000', 'ff800000'],
      ['7f800001', 'ff800001', '7fc00000', 'ffc00000'],
    ),
  );
});
