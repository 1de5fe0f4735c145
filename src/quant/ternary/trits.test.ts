import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packTrits, TritError, unpackTrits } from './trits.ts';

const TRITS = [-1, 0, 1, -1, 0, 1, 1, -1];

describe('packTrits', () => {
  test('puts the first trit in bits 0-1 by default and in bits 6-7 in high order', () => {
    expect([...packTrits(TRITS)]).toEqual([0x24, 0x29]);
    expect([...packTrits(TRITS, 'high')]).toEqual([0x18, 0x68]);
  });

  test('takes 250 bytes for 1000 trits, and pads with zeros', () => {
    expect(packTrits(new Int8Array(1000))).toHaveLength(250);
    expect([...packTrits([1])]).toEqual([0b01010110]);
    expect([...packTrits([1], 'high')]).toEqual([0b10010101]);
  });

  test('refuses a value that is not a trit, with its place', () => {
    expect(() => packTrits([0, 2])).toThrow(
      new TritError('trit-range', 'element 1 is 2: a trit is -1, 0 or 1'),
    );
    expect(() => packTrits([0.5])).toThrow(TritError);
    expect(() => packTrits([Number.NaN])).toThrow(TritError);
  });
});

describe('unpackTrits', () => {
  test.each(['low', 'high'] as const)('gives back what packTrits packed in %s order', (order) => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1, max: 1 })), (trits) => {
        expect([...unpackTrits(packTrits(trits, order), trits.length, order)]).toEqual(trits);
      }),
    );
  });

  test('reads no trit behind the last', () => {
    expect([...unpackTrits([0b11_10_01_00], 3)]).toEqual([-1, 0, 1]);
  });

  test('refuses code 3, with its place', () => {
    expect(() => unpackTrits([0x55, 0b00001100], 8)).toThrow(
      expect.objectContaining({
        code: 'trit-code',
        message: expect.stringMatching(/trit 5 has code 3/),
      }),
    );
    expect(() => unpackTrits([0b00001100], 4, 'high')).toThrow(/trit 2 has code 3/);
  });
});
