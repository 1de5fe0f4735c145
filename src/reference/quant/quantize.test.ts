import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unpackNibbles } from '../../quant/packing/nibbles.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import type { Values } from '../record.ts';
import { records } from './quantize.ts';

const record = records.find(({ name }) => name === 'quantize_4bit') as (typeof records)[number];

function quantize(
  weight: readonly number[],
  quant_type: string,
  blocksize = 64,
): Record<'packed' | 'absmax' | 'dequant', number[]> {
  const inputs: Values = {
    weight: { shape: [weight.length], data: Float64Array.from(weight, Math.fround) },
  };
  const { packed, absmax, dequant } = record.forward(inputs, { quant_type, blocksize } as never);
  return {
    packed: [...(packed?.data ?? [])],
    absmax: [...(absmax?.data ?? [])],
    dequant: [...(dequant?.data ?? [])],
  };
}

const valuesOf = (type: string) => Array.from(blockFormatOf(type).values);

const codes = (weight: readonly number[], type: string) => [
  ...unpackNibbles(quantize(weight, type).packed, weight.length),
];

describe('the oracle of quantize_4bit', () => {
  test('gives the values of the table their own codes', () => {
    expect(codes(valuesOf('nf4'), 'nf4')).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
    ]);
    expect(codes(valuesOf('fp4'), 'fp4')).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 0, 9, 10, 11, 12, 13, 14, 15,
    ]);
  });

  test('takes the lower code at a threshold', () => {
    expect(codes([1, ...blockFormatOf('nf4').rounding.thresholds], 'nf4')).toEqual([
      15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
    ]);
  });

  test('packs the first element high and pads an odd number with the code of zero', () => {
    expect(quantize([1, -1, 1], 'nf4').packed).toEqual([0xf0, 0xf7]);
    expect(quantize([1, -1, 1], 'fp4').packed).toEqual([0x3b, 0x30]);
  });

  test('gives blocks of zeros the code of zero and an absmax of 0', () => {
    expect(quantize([0, 0, 0, 0], 'nf4')).toEqual({
      packed: [0x77, 0x77],
      absmax: [0],
      dequant: [0, 0, 0, 0],
    });
    expect(quantize([0, 0, 0, 0], 'fp4')).toEqual({
      packed: [0, 0],
      absmax: [0],
      dequant: [0, 0, 0, 0],
    });
  });

  test('cuts the flat tensor into blocks, the last one short', () => {
    const weight = Array.from({ length: 70 }, (_, i) => (i < 32 ? 1 : i < 64 ? 2 : 4));
    expect(quantize(weight, 'nf4', 32)).toMatchObject({ absmax: [1, 2, 4], dequant: weight });
  });

  test.each(['nf4', 'fp4'] as const)(
    '%s is never further away than half of the largest gap of its table',
    (type) => {
      const gap = type === 'nf4' ? 1 - 0.6961928009986877 : 1 / 3;
      fc.assert(
        fc.property(
          fc.array(
            fc.float({
              noNaN: true,
              noDefaultInfinity: true,
              min: Math.fround(-1e30),
              max: Math.fround(1e30),
            }),
            { minLength: 1 },
          ),
          (weight) => {
            const { absmax, dequant } = quantize(weight, type, 32);
            // Blocks whose absmax is below 1e-38 are divided by 1e-38: their codes are small and
            // their errors up to their absmax.
            dequant.forEach((y, i) => {
              const scale = absmax[i >> 5] as number;
              expect(Math.abs(y - (weight[i] as number))).toBeLessThanOrEqual(
                scale < 1e-38 ? scale : (gap / 2 + 1e-6) * scale,
              );
            });
          },
        ),
      );
    },
  );
});
