import { describe, expect, test } from 'vitest';
import { blockFormat, blockSizesOf, takesBlocks } from './format.ts';
import { format as nf4 } from './nf4/format.ts';
import { boundOps, FOUR_BIT_NAMES, formats, formatsBoundTo } from './registry.ts';

const layout = { shape: [6, 10], blocksize: 32 };

test('a block format binds its ops, and says what a product needs to know of a weight', () => {
  const { parts, ops, scales } = nf4;
  expect(parts).toEqual({ codes: 'packed', scales: 'absmax' });
  expect([ops.quantize, ops.dequantize, ops.multiply.op, ops.inBundles, scales]).toEqual([
    'quantize_4bit',
    'dequantize_4bit',
    'matmul_4bit',
    true,
    'f32',
  ]);
  expect(ops.multiply.params(layout)).toEqual({
    quant_type: 'nf4',
    blocksize: 32,
    out_features: 6,
    in_features: 10,
  });
});

test('ops of a block format are in no bundles unless it says so', () => {
  const { parts: _, ...own } = nf4;
  const ops = { quantize: 'round', dequantize: 'restore', multiply: 'product' };
  const { name, ops: bound } = blockFormat({ ...own, name: 'own', ops });
  expect([name, bound.quantize, bound.dequantize]).toEqual(['own', 'round', 'restore']);
  expect([bound.inBundles, bound.multiply.op]).toEqual([false, 'product']);
});

test('the ternary format has one scale, and trits are its values', () => {
  const ternary = formats.get('ternary');
  expect(ternary?.values).toEqual([-1, 0, 1]);
  expect([ternary?.packing.bits, ternary?.zeroCode, ternary?.ops.inBundles]).toEqual([2, 1, true]);
  const dynamic = formats.get('dynamic');
  expect([dynamic?.packing.bits, dynamic?.zeroCode, dynamic?.ops.inBundles]).toEqual([
    8,
    127,
    true,
  ]);
});

describe('elements share a scale', () => {
  const rows = { ...nf4, blocks: 'row' } as const;
  const { blocks: _, ...whole } = nf4;

  test('in the blocks of bitsandbytes', () => {
    const sizes = [32, 64, 128, 256, 512, 1024, 2048, 4096];
    expect(sizes.every((size) => takesBlocks(nf4, size, [6, 10]))).toBe(true);
    expect([16, 33, 8192, undefined].some((size) => takesBlocks(nf4, size, [6, 10]))).toBe(false);
    expect(nf4.blocks).toMatchObject({ usual: 64, sizes });
    expect(blockSizesOf(nf4)).toBe('one of 32, 64, 128, 256, 512, 1024, 2048, 4096');
  });

  test('of a row', () => {
    expect([10, 6, 1].map((size) => takesBlocks(rows, size, [6, 10]))).toEqual([
      true,
      false,
      false,
    ]);
    expect([1, 2].map((size) => takesBlocks(rows, size, []))).toEqual([true, false]);
    expect([3, 10].map((size) => takesBlocks(rows, size, [6, 10, 3]))).toEqual([true, false]);
    expect(blockSizesOf(rows)).toBe('the number of elements of a row');
  });

  test('or all of them', () => {
    expect(takesBlocks(whole as typeof nf4, 32, [6, 10])).toBe(false);
  });
});

test('formats of one op are made together', () => {
  expect(formatsBoundTo('quantize', 'quantize_4bit').map(({ name }) => name)).toEqual([
    'fp4',
    'nf4',
  ]);
  expect(FOUR_BIT_NAMES).toEqual(['fp4', 'nf4']);
  const names = (kind: 'quantize' | 'dequantize' | 'multiply') =>
    boundOps(kind, (op, of) => `${op} of ${of.map(({ name }) => name).join(' and ')}`);
  expect(names('multiply').get('matmul_4bit')).toBe('matmul_4bit of fp4 and nf4');
  expect(names('dequantize').get('dequantize_4bit')).toBe('dequantize_4bit of fp4 and nf4');
  expect([...names('quantize').values()].filter((text) => text.includes('nf4'))).toHaveLength(1);
});
