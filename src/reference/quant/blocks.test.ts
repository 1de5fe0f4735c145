import { describe, expect, test } from 'vitest';
import { blockAbsmax, blockScales, relativeToBlock, unsupportedBlock } from './blocks.ts';

describe('a share of a block', () => {
  test('is one of its largest element, however large that is', () => {
    // Its reciprocal is a denormal, and float32 loses bits of it: 1.0000001.
    const largest = 1.5 * 2 ** 127;
    expect(relativeToBlock(largest, largest)).toBe(1);
    expect(relativeToBlock(-largest, largest)).toBe(-1);
  });

  test('takes a reciprocal and a product, each rounded', () => {
    // 41 times the float32 of 1/41 is nearer to the float32 below 1.
    expect(relativeToBlock(3, 3)).toBe(1);
    expect(relativeToBlock(41, 41)).toBe(1 - 2 ** -24);
    expect(relativeToBlock(1, 4)).toBe(0.25);
  });

  test('is of 1e-38 where all of the block is smaller', () => {
    expect(relativeToBlock(1e-39, 1e-39)).toBeCloseTo(0.1, 6);
    expect(relativeToBlock(1e-37, 1e-37)).toBe(1);
    expect(relativeToBlock(0, 0)).toBe(0);
  });
});

test('scales are the largest sizes of blocks, the last one short, as the format stores them', () => {
  const x = Float64Array.of(1, -3, 2, 2, -0.1);
  expect([...blockAbsmax(x, 2)]).toEqual([3, 2, 0.1]);
  // The nearest float16 of 0.1: 1638 / 2^14.
  expect([...blockScales(x, 2, { scales: 'f16' })]).toEqual([3, 2, 1638 / 2 ** 14]);
  expect([...blockScales(x, 2, { scales: 'f32' })]).toEqual([3, 2, Math.fround(0.1)]);
});

test('blocks are of a power of two from 32 to 2^24', () => {
  const sizes = [1, 16, 31, 32, 33, 48, 64, 4096, 2 ** 25];
  expect(sizes.filter((size) => unsupportedBlock(size) === undefined)).toEqual([32, 64, 4096]);
});
