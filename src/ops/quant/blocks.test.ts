import { expect, test } from 'vitest';
import { blockVariants, checkBlock, storageOf } from './blocks.ts';

test('both ways to find a largest element run the kernels of the op and cut its sum alike', () => {
  const depth = (terms: number) => terms;
  const own = { kernels: ['quant/block_absmax', 'a', 'b'], lanes: 3, depth };
  const { serial, cooperative } = blockVariants(['a', 'b'], { lanes: 3, depth });
  expect(serial).toMatchObject(own);
  expect(cooperative).toMatchObject(own);
});

test('blocks are powers of two from 32 to 2^24', () => {
  for (const block of [32, 64, 2 ** 24]) expect(() => checkBlock(block)).not.toThrow();
  for (const block of [0, 1, 16, 31, 33, 48, -32, 2 ** 25, Number.NaN])
    expect(() => checkBlock(block)).toThrow(
      `blocksize ${block}: give a power of two from 32 to 16777216`,
    );
});

test('what is quantized is a float', () => {
  expect((['f32', 'f16', 'bf16'] as const).map(storageOf)).toEqual([0, 1, 2]);
  expect(() => storageOf('i32')).toThrow('cannot quantize i32: give f32, f16 or bf16');
});
