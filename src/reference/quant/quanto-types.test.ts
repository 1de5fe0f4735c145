import { describe, expect, test } from 'vitest';
import { QUANTO_TYPES, type QuantoScale } from './quanto-types.ts';
import { exactly, rangesIn } from './ranges.ts';

const ieee = rangesIn('f32', true);
const legal = rangesIn('f32', false);
const f = Math.fround;
const scale = (size: number, shift = 0): QuantoScale => ({ scale: exactly(size), shift });

describe('affine codes', () => {
  const { scaleOf, codes, decode } = QUANTO_TYPES.qint4;

  test('the scale is the range in 15 steps, the shift minus the least', () => {
    expect(scaleOf(Float64Array.of(-1, 2, 0.5), ieee)).toEqual(scale(f(3 / 15), 1));
    expect(QUANTO_TYPES.qint2.scaleOf(Float64Array.of(-1, 2), ieee)).toEqual(scale(1, 1));
  });

  test('of a constant group every code is 0 and decodes to the constant', () => {
    const of = scaleOf(Float64Array.of(3, 3), ieee);
    expect(of).toEqual(scale(0, -3));
    expect([codes(3, of, ieee), decode(0, of, ieee)]).toEqual([[0], exactly(3)]);
    expect(Object.is(scaleOf(Float64Array.of(0, 0), ieee).shift, 0)).toBe(true);
  });

  test('a level half way goes to the even code, and ends are kept', () => {
    const of = scale(1, 2);
    expect([-1.5, -0.5, 12.9, 20, -9].map((x) => codes(x, of, ieee))).toEqual([
      [0],
      [2],
      [15],
      [15],
      [0],
    ]);
  });

  test('any arithmetic leaves both neighbours of a level half way open, and no other code', () => {
    expect(codes(0.5, scale(1, 2), legal)).toEqual([2, 3]);
    expect(codes(0.75, scale(1, 2), legal)).toEqual([3]);
  });

  test('a code decodes to its steps less the shift', () => {
    expect(decode(7, scale(0.5, 2), ieee)).toEqual(exactly(1.5));
  });
});

describe('symmetric codes', () => {
  const { scaleOf, codes, decode } = QUANTO_TYPES.qint8;

  test('the scale is the largest size over 127', () => {
    expect(scaleOf(Float64Array.of(1, -3), ieee)).toEqual(scale(f(3 / 127)));
    expect(scaleOf(Float64Array.of(0, 0), ieee)).toEqual(scale(0));
  });

  test('codes are whole numbers from -128 to 127', () => {
    expect([-200, -2.5, -0.2, 1.5, 500].map((x) => codes(x, scale(1), ieee))).toEqual([
      [-128],
      [-2],
      [0],
      [2],
      [127],
    ]);
    expect(codes(5, scale(0), ieee)).toEqual([0]);
    expect(decode(-128, scale(0.5), ieee)).toEqual(exactly(-64));
  });
});

describe('floats of 8 bits', () => {
  test.each([
    ['qfloat8', 448],
    ['qfloat8_e4m3fn', 448],
    ['qfloat8_e4m3fnuz', 240],
    ['qfloat8_e5m2', 57_344],
  ] as const)('%s: the largest size is the format’s largest number', (qtype, most) => {
    const { scaleOf, codes, decode } = QUANTO_TYPES[qtype];
    expect(scaleOf(Float64Array.of(most, -2 * most), ieee)).toEqual(scale(2));
    const [code = 0] = codes(2 * most, scale(2), ieee);
    expect(decode(code, scale(2), ieee)).toEqual(exactly(2 * most));
  });

  test('the formats differ', () => {
    const { codes: e4m3 } = QUANTO_TYPES.qfloat8;
    const { codes: e5m2 } = QUANTO_TYPES.qfloat8_e5m2;
    expect([e4m3(1, scale(1), ieee), e5m2(1, scale(1), ieee)]).toEqual([[56], [60]]);
    const { codes: fnuz, decode } = QUANTO_TYPES.qfloat8_e4m3fnuz;
    expect(fnuz(1, scale(1), ieee)).toEqual([64]);
    expect([fnuz(-(2 ** -11), scale(1), ieee), fnuz(-0, scale(1), ieee)]).toEqual([[0], [0]]);
    expect(fnuz(-(2 ** -11), scale(1), legal)).toEqual([0, 129]);
    expect(decode(129, scale(2), ieee)).toEqual(exactly(-(2 ** -9)));
    expect(e4m3(-1.0625, scale(1), legal)).toEqual([184, 185]);
  });
});
