import { describe, expect, test } from 'vitest';
import { packing } from './packing.ts';

describe('codes lie', () => {
  test.each<[number, 'high' | 'low' | undefined, number[], number, number[]]>([
    // 1 + 2 * 8 + 3 * 64 + 4 * 512 + 5 * 4096 + 6 * 32768 + 7 * 262144 = 0x1f58d1
    [3, undefined, [1, 2, 3, 4, 5, 6, 7, 0], 0, [0xd1, 0x58, 0x1f]],
    // The three and then sevens, cut off after 16 bits.
    [3, 'low', [1, 2, 3], 7, [0xd1, 0xfe]],
    [5, 'low', [31, 0, 31], 0, [0x1f, 0x7c]],
    [4, 'low', [1, 2, 3], 0, [0x21, 0x03]],
    [4, 'high', [1, 2, 3], 0, [0x12, 0x30]],
    [4, 'high', [1, 2, 3], 15, [0x12, 0x3f]],
    [2, 'high', [1, 2, 3, 0, 3], 0, [0b01101100, 0b11000000]],
    [2, 'low', [1, 2, 3, 0, 3], 0, [0b00111001, 0b00000011]],
    [1, 'low', [1, 0, 0, 1], 1, [0b11111001]],
    [8, 'low', [200, 7], 0, [200, 7]],
    [8, 'high', [200, 7], 0, [200, 7]],
    [4, 'low', [], 0, []],
  ])('of %i bits, first %s: %j with %i behind them', (bits, first, codes, padding, bytes) => {
    const { pack, codeAt, bytesOf } = packing(bits, first);
    const packed = pack(codes, padding);
    expect([...packed]).toEqual(bytes);
    expect(bytesOf(codes.length)).toBe(bytes.length);
    expect(codes.map((_, i) => codeAt(packed, i))).toEqual(codes);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('and are found again: %i bits', (bits) => {
    const { pack, codeAt } = packing(bits);
    const codes = Array.from({ length: 33 }, (_, i) => (i * 37 + 11) % 2 ** bits);
    const packed = pack(codes, 0);
    expect(codes.map((_, i) => codeAt(packed, i))).toEqual(codes);
  });
});

test('bytes know the elements that have bits in them', () => {
  const { elementsIn } = packing(3);
  expect([0, 1, 2, 3].map(elementsIn)).toEqual([
    [0, 3],
    [2, 6],
    [5, 8],
    [8, 11],
  ]);
  expect([0, 1, 5].map(packing(4).elementsIn)).toEqual([
    [0, 2],
    [2, 4],
    [10, 12],
  ]);
  expect([0, 1].map(packing(5).elementsIn)).toEqual([
    [0, 2],
    [1, 4],
  ]);
});

test('a code over two bytes has its low bits in the first', () => {
  const { bitsIn } = packing(3);
  expect(bitsIn(0, 2, 5)).toEqual({ mask: 0b11000000, value: 0b01000000 });
  expect(bitsIn(1, 2, 5)).toEqual({ mask: 0b1, value: 0b1 });
  expect(bitsIn(0, 0, 6)).toEqual({ mask: 0b111, value: 0b110 });
  expect(bitsIn(1, 3, 6)).toEqual({ mask: 0b1110, value: 0b1100 });
  expect(packing(4, 'high').bitsIn(2, 4, 9)).toEqual({ mask: 0xf0, value: 0x90 });
  expect(packing(4, 'high').bitsIn(2, 5, 9)).toEqual({ mask: 0x0f, value: 0x09 });
});
