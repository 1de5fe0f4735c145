import { describe, expect, test } from 'vitest';
import type { Value } from '../record.ts';
import { record } from './gguf_quantize.ts';

const block = (...first: readonly number[]): Value => ({
  shape: [32],
  data: Float64Array.from({ length: 32 }, (_, i) => first[i] ?? 0),
});

function judged(weight: Value, quant_type: 'q4_0' | 'q8_0', ieee: boolean) {
  const params = { quant_type };
  const outputs = record.forward({ weight }, params);
  const { packed } = record.acceptance({ weight }, outputs, params, { depth: (n) => n, ieee });
  if (packed?.kind !== 'codes') throw new RangeError('no codes');
  const right = Array.from(outputs.packed.data, (_, k) =>
    Array.from({ length: 256 }, (_byte, byte) => byte).filter((byte) => packed.accepts(k, byte)),
  );
  return { bytes: Array.from(outputs.packed.data), right, inBand: packed.inBand };
}

describe('codes of 8 bits', () => {
  const ties = block(127, 0.5, -1.5, 2.25);

  test('go half away from zero, and nowhere else where arithmetic is IEEE', () => {
    const { bytes, right, inBand } = judged(ties, 'q8_0', true);
    // A half of 1.
    expect(bytes.slice(0, 7)).toEqual([0, 0x3c, 127, 1, 254, 2, 0]);
    expect(right).toEqual(bytes.map((byte) => [byte]));
    expect(inBand).toBe(0);
  });

  test('are either neighbour at a tie in other arithmetic', () => {
    const { right, inBand } = judged(ties, 'q8_0', false);
    expect(right.slice(2, 7)).toEqual([[127], [0, 1], [254, 255], [2], [0]]);
    expect(inBand).toBe(2);
  });

  test('are any where float32 has no normal number for d', () => {
    const { bytes, right } = judged(block(2 ** -125), 'q8_0', true);
    expect(bytes).toEqual(Array.from({ length: 34 }, () => 0));
    expect(right[2]).toHaveLength(256);
    expect(right.slice(0, 2)).toEqual([[0], [0, 128]]);
  });

  test('are the neighbours where a denormal may be taken for zero', () => {
    const weight = block(127 * 2 ** -126, 0.75 * 2 ** -126, 2 ** -125);
    expect(judged(weight, 'q8_0', true).right.slice(2, 5)).toEqual([[127], [0, 1], [2]]);
  });
});

describe('codes of 4 bits', () => {
  test('count from the first of the largest', () => {
    const { bytes } = judged(block(0, 8, -8, 1, -0.5), 'q4_0', true);
    // A half of -1: 8, then 0, 16 cut to 15, 7 and 9, and zeros in the high nibbles.
    expect(bytes.slice(0, 7)).toEqual([0, 0xbc, 0x88, 0x80, 0x8f, 0x87, 0x89]);
  });

  test('are told each in its nibble', () => {
    const { right } = judged(block(-8, 0.5, 2.25), 'q4_0', false);
    expect(right.slice(2, 5)).toEqual([[0x80], [0x88, 0x89], [0x8a]]);
  });

  test('of zeros are 8, and the half is a zero of either sign', () => {
    const { bytes, right } = judged(block(), 'q4_0', false);
    expect(bytes.slice(0, 3)).toEqual([0, 128, 0x88]);
    expect(right.slice(0, 3)).toEqual([[0], [0, 128], [0x88]]);
  });

  test('may come of a product and a sum that are rounded once', () => {
    // x / 3 is a little less than -0.5 in float32, which 8.5 makes 8, or, fused, 7.
    const third = Math.fround(1 / 3);
    const found = Array.from({ length: 4000 }, (_, i) => -1.5 + (i - 2000) * 2 ** -23).filter(
      (x) =>
        Math.trunc(Math.fround(Math.fround(x * third) + 8.5)) !==
        Math.trunc(Math.fround(x * third + 8.5)),
    );
    expect(found.length).toBeGreaterThan(0);
    const { right } = judged(block(-24, ...found), 'q4_0', true);
    expect(right[3]).toEqual([0x87, 0x88]);
  });
});

test('an infinite half stands for a d beyond the largest', () => {
  expect(judged(block(65_520 * 127), 'q8_0', true).bytes.slice(0, 3)).toEqual([0, 0x7c, 127]);
});
