import { describe, expect, test } from 'vitest';
import { createDynamicMap } from '../../quant/dynamic/map.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { nest, nestedBounds, restorable } from './nested.ts';

test('the largest of a block of compressed scales is off as the largest error of its own elements', () => {
  const params = { nested_blocksize: 2, nested_rounding: 'nearest' } as const;
  // Less their mean of 4 these are -2 and 1, 1 and 5, -4 and -1.
  const nested = nest(Float64Array.of(2, 5, 5, 9, 0, 3), params);
  expect([...nested.absmax]).toEqual([2, 5, 4]);
  const { absmax } = nestedBounds(nested, params, { depth: (terms) => terms, ieee: false });
  // The mean is 6 + 3 roundings of 4 off, the difference one of its size.
  const roundings = Array.from(absmax, (bound) => bound / (EPS * SECOND_ORDER));
  expect(roundings.map((x) => Number(x.toFixed(3)))).toEqual([38, 41, 40]);
});

test('where all scales are 0, what is flushed is granted at each stage', () => {
  const params = { nested_blocksize: 2, nested_rounding: 'nearest' } as const;
  const nested = nest(Float64Array.of(0, 0), params);
  const bounds = nestedBounds(nested, params, { depth: (terms) => terms, ieee: false });
  // The mean may lose one, each difference one more; their largest and the sum another.
  const share = bounds.absmax[0] as number;
  expect(share / (FLUSH * SECOND_ORDER)).toBeCloseTo(2, 12);
  expect(bounds.offset / FLUSH).toBeCloseTo(1, 12);
  expect(Array.from(bounds.restored, (x) => (x - share) / FLUSH)).toEqual([2, 2]);
});

test('codes of a mean that all blocks have are those of zero, in either rounding', () => {
  const of = (nested_rounding?: 'nearest' | 'lut16') =>
    nest(Float64Array.of(3, 3), { nested_blocksize: 2, nested_rounding });
  expect([...of('nearest').q]).toEqual([127, 127]);
  expect([...of().q]).toEqual([127, 127]);
  // bitsandbytes' table takes zero to 131.
  expect([...of('lut16').q]).toEqual([131, 131]);
  expect([...of().restored]).toEqual([3, 3]);
});

test('a scale that is all error may have every code', () => {
  const params = { nested_blocksize: 2, nested_rounding: 'nearest' } as const;
  const arithmetic = { depth: (terms: number) => terms, ieee: true };
  const mean = nest(Float64Array.of(4, 4), params);
  const of = (size: number) => {
    const centred = Float64Array.of(-size, size);
    return nestedBounds({ ...mean, centred, absmax: Float64Array.of(size) }, params, arithmetic);
  };
  // As large as what it may be off.
  let size = 0;
  for (let n = 0; n < 4; n++) size = of(size).absmax[0] as number;
  const { absmax, low, high } = of(size);
  expect([...absmax]).toEqual([size]);
  expect([[...low], [...high]]).toEqual([
    [0, 0],
    [255, 255],
  ]);
});

describe('compressed scales', () => {
  const params = { nested_blocksize: 2, nested_rounding: 'nearest' } as const;
  const arithmetic = { depth: (terms: number) => terms, ieee: false };

  test('have one right code far from the middle of two', () => {
    const nested = nest(Float64Array.of(2, 5, 5, 9, 0, 3), params);
    const { low, high } = nestedBounds(nested, params, arithmetic);
    expect([...low]).toEqual([...nested.q]);
    expect([...high]).toEqual([...nested.q]);
    // The largest of each block, -2, 5 and -4.
    expect([low[0], low[3], low[4]]).toEqual([0, 255, 0]);
  });

  test('have two in the middle, and are restored to either', () => {
    const map = createDynamicMap(true);
    const [below, above] = map.subarray(250, 252) as unknown as [number, number];
    const middle = (below + above) / 2;
    const whole = { ...params, nested_blocksize: 4 };
    // Less their mean of 4 they are -1, the middle, and the rest of 1.
    const nested = nest(Float64Array.of(3, 4 + middle, 5 - middle), whole);
    const bounds = nestedBounds(nested, whole, arithmetic);
    expect([...bounds.low].slice(0, 2)).toEqual([0, 250]);
    expect([...bounds.high].slice(0, 2)).toEqual([0, 251]);
    expect(bounds.low[2]).toBe(bounds.high[2]);
    expect(restorable(nested, bounds, 1, whole)).toEqual([below + 4, above + 4]);
    expect(restorable(nested, bounds, 0, whole)).toEqual([(map[0] as number) + 4]);
    // 25 units of the difference, nearly as many of the largest, and 2 of the quotient.
    const codesAt = (units: number) => {
      const away = middle - units * EPS;
      const near = nest(Float64Array.of(3, 4 + away, 5 - away), whole);
      const { low, high } = nestedBounds(near, whole, arithmetic);
      return (high[1] as number) - (low[1] as number) + 1;
    };
    expect([40, 60].map(codesAt)).toEqual([2, 1]);
    expect(bounds.offset).toBeCloseTo((4 * 6 * EPS) / (1 - 6 * EPS), 18);
  });

  test('have the one that is right by the mean and the largest that a party has', () => {
    const map = createDynamicMap(true);
    const [below, above] = map.subarray(250, 252) as unknown as [number, number];
    const middle = (below + above) / 2;
    const whole = { ...params, nested_blocksize: 4 };
    const nested = nest(Float64Array.of(3, 4 + middle, 5 - middle), whole);
    const codesBy = (offset: number, size = 1) => {
      const own = { offset, absmax: Float64Array.of(size) };
      const { low, high } = nestedBounds(nested, whole, arithmetic, own);
      return [low[1], high[1]];
    };
    // Of the six units of 4 that a mean may be off, four move the quotient beyond the band.
    expect(codesBy(4)).toEqual([250, 251]);
    expect(codesBy(4 - 16 * EPS)).toEqual([251, 251]);
    expect(codesBy(4 + 16 * EPS)).toEqual([250, 250]);
    expect(codesBy(4, 1 - 16 * EPS)).toEqual([251, 251]);
    expect(codesBy(4, 1 + 16 * EPS)).toEqual([250, 250]);
    // A mean, or a largest, that is wrong itself says nothing.
    expect(codesBy(4 + 40 * EPS)).toEqual([250, 251]);
    expect(codesBy(4, 1 + 80 * EPS)).toEqual([250, 251]);
  });
});
