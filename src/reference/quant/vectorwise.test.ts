import { describe, expect, test } from 'vitest';
import { EPS } from '../bounds.ts';
import type { Value } from '../record.ts';
import { apartOf, codeRange, codesOf, listOf, rowsOf, vectorwise } from './vectorwise.ts';

const listed = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});

describe('rows', () => {
  const rows = Float64Array.of(1, -4, 0.5, 6, 2, -6, 3, -1);

  test('are relative to a 127th of their largest magnitude', () => {
    const { stats, columns, levels } = vectorwise(rows, 4, Number.POSITIVE_INFINITY);
    expect([...stats]).toEqual([6, 6]);
    expect(columns).toEqual([]);
    const factor = Math.fround(127 * Math.fround(1 / 6));
    expect([...levels]).toEqual([...rows].map((x) => Math.fround(x * factor)));
  });

  test('leave outliers out, and their columns, the threshold among them', () => {
    const { stats, columns, levels } = vectorwise(rows, 4, 6);
    expect([...stats]).toEqual([4, 3]);
    expect(columns).toEqual([1, 3]);
    expect([...levels]).toEqual([
      31.75,
      0,
      15.875,
      0,
      Math.fround(2 * Math.fround(127 * Math.fround(1 / 3))),
      0,
      Math.fround(3 * Math.fround(127 * Math.fround(1 / 3))),
      0,
    ]);
  });

  test('of zeros have codes of 0, those of the least and the largest numbers have all', () => {
    const most = Math.fround(3e38);
    const { levels } = vectorwise(
      Float64Array.of(0, -0, 2 ** -149, -(2 ** -149), most, -most / 127),
      2,
      Number.POSITIVE_INFINITY,
    );
    expect([...levels]).toEqual([0, 0, 127, -127, 127, -1]);
  });

  test('have a threshold in float32, or that of their format where a party has it', () => {
    // 3.1 is between the halves 3.099609375 and 3.1015625.
    const x = { data: Float64Array.of(3.099609375, 1, 3.1015625, 2), dtype: 'f16' } as const;
    expect(rowsOf(x, 2, 3.1).columns).toEqual([0]);
    expect([...rowsOf(x, 2, 3.1).stats]).toEqual([3.099609375, 2]);
    const statsOf = (...stats: readonly number[]) =>
      rowsOf(x, 2, 3.1, { row_stats: listed(...stats) }).stats;
    expect([...statsOf(1, 2)]).toEqual([1, 2]);
    expect([...statsOf(3.099609375, 2)]).toEqual([3.099609375, 2]);
    expect([...statsOf(7, 2)]).toEqual([3.099609375, 2]);
    expect([...rowsOf(x, 2, 3.1, { outlier_cols: listed(1) }).stats]).toEqual([3.099609375, 2]);
    expect([...rowsOf({ data: x.data }, 2, 3.1, { row_stats: listed(1, 2) }).stats]).toEqual([
      3.099609375, 2,
    ]);
    expect(rowsOf(x, 2, 0).columns).toEqual([]);
  });

  test('have the threshold by which a party lists its columns, and -1 after them', () => {
    const x = { data: Float64Array.of(3.099609375, 3.1015625, 1), dtype: 'f16' } as const;
    const statsOf = (...columns: readonly number[]) => [
      ...rowsOf(x, 3, 3.1, { outlier_cols: listed(...columns) }).stats,
    ];
    expect(statsOf(0, 1, -1)).toEqual([1]);
    expect(statsOf(1, -1, -1)).toEqual([3.099609375]);
    expect(statsOf(0, 1, 2)).toEqual([3.099609375]);
  });
});

describe('codes', () => {
  test('are one by IEEE arithmetic, and two beside a tie by another', () => {
    expect(codeRange(2.5, true)).toEqual({ low: 2, high: 2 });
    expect(codeRange(-2.5, false)).toEqual({ low: -3, high: -2 });
    const inside = 2.5 * (1 + 4.4 * EPS);
    const outside = 2.5 * (1 + 4.6 * EPS);
    expect(codeRange(inside, false)).toEqual({ low: 2, high: 3 });
    expect(codeRange(inside, true)).toEqual({ low: 3, high: 3 });
    expect(codeRange(outside, false)).toEqual({ low: 3, high: 3 });
    expect([...apartOf(Float64Array.of(2.5, 2.4, 126.5), false)]).toEqual([1, 0, 1]);
    expect([...apartOf(Float64Array.of(2.5, 2.4, 126.5), true)]).toEqual([0, 0, 0]);
  });

  test('are those that a party chose, where they can be right', () => {
    const levels = Float64Array.of(2.5, 2.5, 2.5, 7);
    expect([...codesOf(levels)]).toEqual([2, 2, 2, 7]);
    const chosen = [2, 3, 4, 8];
    expect([...codesOf(levels, (i) => chosen[i])]).toEqual([2, 3, 2, 7]);
  });
});

describe('a list of columns', () => {
  test('goes on with -1', () => {
    expect(listOf([3, 7], 4)).toEqual(listed(3, 7, -1, -1));
    expect(listOf([3, 7], 2, listed(3, 7))).toEqual(listed(3, 7));
  });

  test('that is too short is not right', () => {
    expect(listOf([3, 7], 1, listed(3))).toEqual(listed(7));
    expect(listOf([3, 7], 1, listed(7))).toEqual(listed(3));
  });
});
