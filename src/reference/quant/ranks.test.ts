import { describe, expect, test } from 'vitest';
import type { BlockFormat } from '../../quant/format.ts';
import { EPS } from '../bounds.ts';
import { blockRanks, inBand, valuesBetween } from './ranks.ts';

/** Codes 2, 0, 1 of -1, 0 and 1, with thresholds at 0 and 0.5. */
const format = (spread?: number) =>
  ({
    values: [0, 1, -1],
    rounding: {
      ascending: [2, 0, 1],
      thresholds: [0, 0.5],
      ...(spread === undefined ? {} : { spread }),
    },
  }) as unknown as BlockFormat;

/** Ranks of shares of a block whose largest element is 1. */
function ranksOf(shares: readonly number[], ieee: boolean, spread?: number) {
  const { rank, low, high } = blockRanks(
    Float64Array.from(shares),
    Float64Array.of(1),
    64,
    format(spread),
    ieee,
  );
  return shares.map((_, i) => [rank[i], low[i], high[i]]);
}

describe('right ranks', () => {
  test('are the number of thresholds below, where arithmetic is exact', () => {
    expect(ranksOf([-1, 0, 2 ** -149, 0.5, 0.5 + 2 ** -24, 1], true)).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [1, 1, 1],
      [1, 1, 1],
      [2, 2, 2],
      [2, 2, 2],
    ]);
  });

  test('are those of 4.5 units to either side, where it is not', () => {
    expect(
      ranksOf(
        [-4.501, -4.499, 4.499, 4.501].map((n) => n * EPS),
        false,
      ),
    ).toEqual([
      [0, 0, 0],
      [0, 0, 1],
      [1, 0, 1],
      [1, 1, 1],
    ]);
    // A band that ends on the threshold.
    expect(ranksOf([-4.5 * EPS, 4.5 * EPS], false)).toEqual([
      [0, 0, 1],
      [1, 0, 1],
    ]);
  });

  test('are those of the spread that the format names', () => {
    expect(ranksOf([0.25, -0.125, -0.126], false, 0.125)).toEqual([
      [1, 1, 1],
      [0, 0, 1],
      [0, 0, 0],
    ]);
    expect(ranksOf([0.375], false, 0.125)).toEqual([[1, 1, 2]]);
  });

  test('are all in a block of zeros, whose values are 0 whatever the code', () => {
    const of = (ieee: boolean) =>
      blockRanks(Float64Array.of(1, 0), Float64Array.of(1, 0), 1, format(), ieee);
    expect(of(false)).toMatchObject({ low: Uint8Array.of(2, 0), high: Uint8Array.of(2, 2) });
    expect(of(true)).toMatchObject({ low: Uint8Array.of(2, 0), high: Uint8Array.of(2, 0) });
  });
});

test('values are those of all ranks between two, in ascending order', () => {
  expect(valuesBetween(0, 1, format())).toEqual([-1, 0]);
  expect(valuesBetween(1, 2, format())).toEqual([0, 1]);
  expect(valuesBetween(2, 2, format())).toEqual([1]);
});

test('ranks of the same value are no choice', () => {
  const ranks = {
    rank: Uint8Array.of(0, 0, 0),
    low: Uint8Array.of(0, 1, 2),
    high: Uint8Array.of(1, 1, 2),
  };
  expect(inBand(ranks, format())).toBe(1);
  const alike = { ...format(), values: [-1, 1, -1] } as unknown as BlockFormat;
  expect(inBand(ranks, alike)).toBe(0);
});
