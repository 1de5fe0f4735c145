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
