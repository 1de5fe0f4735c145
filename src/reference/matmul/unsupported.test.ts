import { expect, test } from 'vitest';
import { records } from '../registry.ts';

const sized = (...shape: number[]) => ({
  shape,
  data: new Float64Array(shape.reduce((product, n) => product * n, 1)),
});

/** What the record of an op says of a recording with these weights. */
const refusal = (op: string, weight: Record<string, ReturnType<typeof sized>>, params: object) =>
  records
    .get(op)
    ?.unsupported?.({ x: sized(1, 6), ...weight }, { transpose_weight: true, ...params });

test('blocks of a size that no kernel has are not computed', () => {
  const weight = { packed: sized(96, 1), absmax: sized(4) };
  const params = { quant_type: 'nf4', out_features: 6, in_features: 32 };
  expect(refusal('matmul_4bit', weight, { ...params, blocksize: 64 })).toBeUndefined();
  expect(refusal('matmul_4bit', weight, { ...params, blocksize: 48 })).toBe(
    'blocks of 48: give one of 32, 64, 128, 256, 512, 1024, 2048, 4096',
  );
});

test('groups or rows of HQQ that are no whole fours are not computed', () => {
  const params = { nbits: 4, axis: 0, group_size: 8, out_features: 6 };
  const of = (in_features: number, groups: number) =>
    refusal('hqq_matmul', { packed: sized(4, groups) }, { ...params, in_features });
  expect(of(16, 12)).toBeUndefined();
  expect(of(24, 18)).toMatch('no whole fours');
  expect(of(26, 20)).toMatch('no whole fours');
});

test('groups of Quanto that are no whole fours along a row are not computed', () => {
  const of = (axis: 0 | -1, group_size: number, in_features: number) =>
    refusal('quanto_matmul', {}, { bits: 4, axis, group_size, out_features: 6, in_features });
  expect(of(0, 8, 24)).toBeUndefined();
  expect(of(0, 6, 24)).toMatch('no whole fours');
  expect(of(-1, 3, 24)).toBeUndefined();
  expect(of(-1, 3, 26)).toMatch('no whole fours');
});

test('codes and scales in another element type than their kind has are not computed', () => {
  const typed = (dtype: 'i8' | 'u8' | 'f32', ...shape: number[]) => ({ ...sized(...shape), dtype });
  const bytes = (codes: string, q: 'i8' | 'u8') =>
    refusal('matmul_8bit', { q: typed(q, 6, 6) }, { codes });
  expect([bytes('int8', 'i8'), bytes('e4m3', 'u8')]).toEqual([undefined, undefined]);
  expect([bytes('int8', 'u8'), bytes('map', 'i8')]).toEqual([
    'int8 stored as u8',
    'map stored as i8',
  ]);
  const zeros = { q: typed('u8', 6, 6), zero_point: typed('i8', 6) };
  expect(refusal('matmul_8bit', zeros, { codes: 'uint8' })).toBe('uint8 stored as i8');
  const scales = { scales: typed('u8', 6, 1) };
  expect(refusal('mlx_matmul', scales, { mode: 'affine' })).toMatch('stored as u8');
});
