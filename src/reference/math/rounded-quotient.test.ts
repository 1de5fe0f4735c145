import { describe, expect, test } from 'vitest';
import { roundedQuotients } from './rounded-quotient.ts';

type Asked = Parameters<typeof roundedQuotients>[2];

const PLAIN: Asked = { mode: 'floor', type: 'f32', division: 'nearest', isShared: false };
const f32 = Math.fround;

describe('a quotient rounded to an integer', () => {
  const of = (a: number, b: number, asked: Partial<Asked> = {}) =>
    [...roundedQuotients(a, b, { ...PLAIN, ...asked })].sort((x, y) => x - y);

  test('is the integer itself where it is one', () => {
    for (const mode of ['floor', 'trunc'] as const)
      for (const [a, b] of [
        [6, 2],
        [-6, 2],
        [6, -2],
        [0, 5],
      ] as const)
        expect(of(a, b, { mode })).toEqual([a / b]);
  });

  test('is that below, or the one towards 0', () => {
    expect([of(-7, 2), of(-7, 2, { mode: 'trunc' })]).toEqual([[-4], [-3]]);
    expect([of(7, -2), of(7, -2, { mode: 'trunc' })]).toEqual([[-4], [-3]]);
    expect([of(-7, -2), of(7, 2)]).toEqual([[3], [3]]);
  });

  test('is rounded before, as its type has it, or has the remainder taken off', () => {
    // 0.1 in float32 is more than a tenth: 6 holds it 59 times, and the quotient rounds to 60.
    expect(of(6, f32(0.1))).toEqual([59, 60]);
    expect(of(6, f32(0.1), { mode: 'trunc' })).toEqual([60]);
    expect(of(-6, f32(0.1))).toEqual([-60]);
    expect(of(6, -f32(0.1))).toEqual([-60]);
    // In float64 the quotient of this divisor is not 60.
    expect(of(6, f32(0.1), { type: undefined })).toEqual([59]);
    expect(of(6, 0.1, { type: undefined })).toEqual([59, 60]);
  });

  test('is the integer above where what is left of a divides to a little less', () => {
    // -19.793004989624023 less its remainder rounds, and over the divisor it is -28.000001907.
    expect(of(-19.793004989624023, 0.7013561129570007)).toEqual([-29]);
    expect(of(4164, 2.22383975982666)).toEqual([1872]);
  });

  test('of halves is computed in float32 or in halves, and stored in halves', () => {
    // Neighbours of 135.75 in bfloat16 are 1 apart.
    expect(of(135.75, 1, { type: 'bf16', mode: 'trunc' })).toEqual([135, 136]);
    expect(of(6, 2, { type: 'bf16' })).toEqual([3]);
    expect(of(6, 2, { type: 'f16' })).toEqual([3]);
    // float16 holds no integer between 2048 and 2050.
    expect(of(2049, 1, { type: 'f16' })).toEqual([2048]);
    expect(of(-4097, 2, { type: 'f16' })).toEqual([-2048]);
  });

  test('may be a product with a reciprocal, of a divisor of all, where it may', () => {
    const asked = { mode: 'trunc', division: 'nearest-or-reciprocal' } as const;
    expect(of(41, 41, { ...asked, isShared: true })).toEqual([0, 1]);
    expect(of(41, 41, { ...asked, isShared: true, mode: 'floor' })).toEqual([0, 1]);
    expect(of(82, 41, { ...asked, isShared: true, mode: 'floor' })).toEqual([1, 2]);
    expect(of(41, 41, asked)).toEqual([1]);
    expect(of(41, 41, { mode: 'trunc', isShared: true })).toEqual([1]);
    expect(of(6, 2, { ...asked, isShared: true })).toEqual([3]);
  });
});
