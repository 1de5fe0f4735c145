import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packNibbles, unpackNibbles } from './nibbles.ts';

test('the first code is in the high nibble', () => {
  expect([...packNibbles([1, 2, 3, 15], 0)]).toEqual([0x12, 0x3f]);
});

test('an odd number is padded', () => {
  expect([...packNibbles([9], 7)]).toEqual([0x97]);
  expect([...packNibbles([], 7)]).toEqual([]);
});

test('unpacking what was packed gives the codes back', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 15 })),
      fc.integer({ min: 0, max: 15 }),
      (codes, padding) => {
        const bytes = packNibbles(codes, padding);
        expect(bytes).toHaveLength(Math.ceil(codes.length / 2));
        expect([...unpackNibbles(bytes, codes.length)]).toEqual(codes);
      },
    ),
  );
});
