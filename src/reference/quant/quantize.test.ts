import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDynamicMap } from '../../quant/dynamic/map.ts';
import { unpackNibbles } from '../../quant/packing/nibbles.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import { EPS } from '../bounds.ts';
import type { Acceptances, Values } from '../record.ts';
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

describe('what quantize_4bit accepts', () => {
  const arithmetic = { depth: (terms: number) => terms, ieee: false };
  const accepted = (weight: readonly number[], params: object): Acceptances => {
    const inputs = { weight: { shape: [weight.length], data: Float64Array.from(weight) } };
    const all = { quant_type: 'nf4', blocksize: 64, ...params };
    const outputs = record.forward(inputs, all as never);
    return record.acceptance(inputs, outputs, all as never, arithmetic) as Acceptances;
  };
  const codesOf = (of: Acceptances, name: string) => {
    const acceptance = of[name];
    if (acceptance?.kind !== 'codes') throw new RangeError(`${name} is no code`);
    return acceptance;
  };

  test('is a scale of 1e-38 of a short last block of zeros, and of no other', () => {
    const least = Math.fround(1e-38);
    const of = (size: number) => codesOf(accepted(new Array(size).fill(0), {}), 'absmax');
    const short = of(96);
    expect([0, 1].map((block) => short.accepts(block, least))).toEqual([false, true]);
    expect([0, 1].map((block) => short.accepts(block, 0))).toEqual([true, true]);
    const whole = of(128);
    expect([0, 1].map((block) => whole.accepts(block, least))).toEqual([false, false]);
    const some = codesOf(accepted([1, 0], {}), 'absmax');
    expect([0, 1, least].map((scale) => some.accepts(0, scale))).toEqual([false, true, false]);
  });

  test('are both codes of a compressed scale in the middle of two', () => {
    const map = createDynamicMap(true);
    const [below, above] = map.subarray(250, 252) as unknown as [number, number];
    const middle = (below + above) / 2;
    // Blocks whose largest elements are 4 on the average: less it -1, the middle, the rest of 1.
    const largest = [3, 4 + middle, 5 - middle];
    const weight = largest.flatMap((x) => [x, ...new Array(63).fill(0)]);
    const of = accepted(weight, { compress_statistics: true, nested_blocksize: 256 });
    const { inBand, accepts } = codesOf(of, 'absmax_q');
    expect(inBand).toBe(1);
    expect([249, 250, 250.5, 251, 252].map((code) => accepts(1, code))).toEqual([
      false,
      true,
      false,
      true,
      false,
    ]);
    // The mean of 4 takes three additions, and a division that counts as three.
    const six = (6 * EPS) / (1 - 6 * EPS);
    expect(of['nested_offset']).toEqual({
      kind: 'within',
      bound: Float64Array.of(4 * six + 2 ** -126),
    });
    const restored = of['absmax'];
    if (restored?.kind !== 'within') throw new RangeError('absmax has no bound');
    expect([3, 9].map((x) => restored.nearest?.(1, x))).toEqual([4 + below, 4 + above]);
  });

  test('is one code of a compressed scale by the mean that a party has', () => {
    const map = createDynamicMap(true);
    const [below, above] = map.subarray(250, 252) as unknown as [number, number];
    const largest = [3, 4 + (below + above) / 2, 5 - (below + above) / 2];
    const inputs = {
      weight: {
        shape: [192],
        data: Float64Array.from(largest.flatMap((x) => [x, ...new Array(63).fill(0)])),
      },
    };
    const all = { quant_type: 'nf4', blocksize: 64, compress_statistics: true };
    const codesBy = (offset: number) => {
      const actual = {
        nested_offset: { shape: [1], data: Float64Array.of(offset) },
        nested_absmax: { shape: [1], data: Float64Array.of(1) },
      };
      const outputs = record.forwardChosen?.(inputs, actual, all) as Values;
      const of = record.acceptance(inputs, outputs as never, all as never, arithmetic);
      const { accepts } = codesOf(of as Acceptances, 'absmax_q');
      return [250, 251].filter((code) => accepts(1, code));
    };
    expect([4 - 16 * EPS, 4, 4 + 16 * EPS].map(codesBy)).toEqual([[251], [250, 251], [250]]);
    expect(record.forwardChosen?.(inputs, {}, all)).toBeUndefined();
  });

  test('a number of either code next to a threshold, times its scale', () => {
    const [first, second] = blockFormatOf('nf4').rounding.thresholds as [number, number];
    const values = blockFormatOf('nf4').values;
    const { dequant } = accepted([2, 2 * first, first + second], {});
    if (dequant?.kind !== 'within') throw new RangeError('dequant has no bound');
    const nearest = (i: number, actual: number) => dequant.nearest?.(i, actual);
    expect([nearest(0, 0), nearest(0, 9)]).toEqual([2, 2]);
    expect([nearest(1, -9), nearest(1, 9)]).toEqual([-2, 2 * (values[1] as number)]);
    expect([nearest(2, -9), nearest(2, 9)]).toEqual(new Array(2).fill(2 * (values[1] as number)));
    // Half a rounding of the largest, and what may be flushed.
    expect(dequant.bound[0]).toBe(2 * EPS + 2 ** -126);
  });
});

test('blocks of scales that are no power of two are not computed, where scales are quantized', () => {
  const refusalOf = (params: object) => record.unsupported?.({}, params as never);
  const params = { blocksize: 64, quant_type: 'nf4', nested_blocksize: 48 };
  expect(refusalOf({ ...params, compress_statistics: true })).toMatch(/^blocks of 48, /);
  expect(refusalOf(params)).toBeUndefined();
  const others = { ...params, blocksize: 48, nested_blocksize: 64, compress_statistics: true };
  expect(refusalOf(others)).toBeUndefined();
});
