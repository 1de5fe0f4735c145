import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packDenseTrits, unpackDenseTrits } from './dense-trits.ts';
import { TritError } from './trits.ts';

test('five trits are a byte, the first the lowest digit, and missing ones are zeros', () => {
  expect([...packDenseTrits([-1, -1, -1, -1, -1, 1, 1, 1, 1, 1])]).toEqual([0, 242]);
  expect([...packDenseTrits([1])]).toEqual([122]);
  expect(packDenseTrits(new Int8Array(1000))).toHaveLength(200);
  expect([...unpackDenseTrits([242, 0], 6)]).toEqual([1, 1, 1, 1, 1, -1]);
});

test('what was packed is unpacked', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1, max: 1 })), (trits) => {
      expect([...unpackDenseTrits(packDenseTrits(trits), trits.length)]).toEqual(trits);
    }),
  );
});

test('what is no trit, and a byte that stands for none, is refused with its place', () => {
  expect(() => packDenseTrits([0, 2])).toThrow(
    new TritError('trit-range', 'element 1 is 2: a trit is -1, 0 or 1'),
  );
  expect(() => unpackDenseTrits([121, 243], 6)).toThrow(/byte 1 is 243/);
});
