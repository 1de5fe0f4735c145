import { expect, test } from 'vitest';
import { examine, SHARES } from './examination.ts';
import type { Acceptance } from './record.ts';

const value = (shape: readonly number[], data: readonly number[]) => ({
  shape,
  data: Float64Array.from(data),
});

test('counts elements by the share of their bound, and shows the first wrong one among its neighbours', () => {
  const oracle = value([3, 4], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  const actual = value([3, 4], [0, 1.1, 2, 3, 4, 5, 6, 7.3, 8, 9, Number.NaN, 11]);
  const bound = new Float64Array(12).fill(0.2);
  const found = examine('y', actual, oracle, { kind: 'within', bound });
  expect(found).toMatchObject({ name: 'y', compared: 12, wrong: 2, at: [1, 3], rule: 'within' });
  expect(found.shares[0]).toBe(9);
  expect(found.shares[1 + SHARES.indexOf(1)], 'half a bound, rounded').toBe(1);
  expect(found.shares[1 + SHARES.indexOf(2)]).toBe(1);
  expect(found.shares.at(-1), 'no number').toBe(1);
  expect(found.shares.reduce((a, b) => a + b)).toBe(12);
  expect(found.around.map((row) => row.map(({ index }) => index.join()))).toEqual([
    ['0,1', '0,2', '0,3'],
    ['1,1', '1,2', '1,3'],
    ['2,1', '2,2', '2,3'],
  ]);
  expect(found.around[1]?.[2]).toEqual({
    index: [1, 3],
    actual: 7.3,
    expected: 7,
    bound: 0.2,
    wrong: true,
  });
  expect(found.around[2]?.[1]).toMatchObject({ actual: null, wrong: true });
});

test('where nothing is wrong, shows the element nearest to its bound', () => {
  const oracle = value([5], [1, 2, 3, 4, 5]);
  const found = examine('y', value([5], [1, 2, 3.05, 4, 5]), oracle, {
    kind: 'within',
    bound: new Float64Array(5).fill(0.1),
    typical: new Float64Array(5).fill(0.01),
  });
  expect(found).toMatchObject({ wrong: 0, at: [2] });
  expect(found.typicalShares?.[1 + SHARES.indexOf(8)]).toBe(1);
  expect(found.around).toHaveLength(1);
});

/** Bins by the largest share of each: 0, the powers of two from 2^-10 to 16, and what is beyond. */
const binsOf = (...counted: readonly (readonly [end: number, count: number])[]) => {
  const bins = new Array<number>(17).fill(0);
  for (const [end, count] of counted)
    bins[end === 0 ? 0 : Math.min(11 + Math.log2(end), 16)] = count;
  return bins;
};

test('an element is counted where its share of the bound ends', () => {
  expect(SHARES).toHaveLength(15);
  expect([SHARES[0], SHARES[10], SHARES[14]]).toEqual([2 ** -10, 1, 16]);
  const oracle = value([7], [0, 0, 0, 0, 0, 0, 0]);
  const actual = value([7], [0, 2 ** -20, 1, 1.5, 16, 17, 0]);
  const bound = Float64Array.of(1, 1, 1, 1, 1, 1, 0);
  const { shares, typicalShares } = examine('y', actual, oracle, { kind: 'within', bound });
  expect(shares).toEqual(binsOf([0, 2], [2 ** -10, 1], [1, 1], [2, 1], [16, 1], [32, 1]));
  expect(typicalShares).toBeUndefined();
});

test('what is nearest to its bound is not what errs most, nor what is least typical', () => {
  const oracle = value([4], [1, 1, 1, 1]);
  const actual = value([4], [1, 4, 2, 1.5]);
  const found = examine('y', actual, oracle, {
    kind: 'within',
    bound: Float64Array.of(1, 100, 4, 8),
    typical: Float64Array.of(1, 3, 4, 0.25),
  });
  expect(found).toMatchObject({ at: [2], wrong: 0, compared: 4 });
  expect(found.shares).toEqual(binsOf([0, 1], [1 / 4, 1], [1 / 16, 1], [1 / 32, 1]));
  expect(found.typicalShares).toEqual(binsOf([0, 1], [1, 1], [1 / 4, 1], [2, 1]));
  // Of two alike it is the first.
  const alike = { kind: 'within', bound: new Float64Array(4).fill(4) } as const;
  expect(examine('y', value([4], [1, 2, 1, 2]), oracle, alike).at).toEqual([1]);
});

test('neighbours are two to each side in the last two dimensions, and none beyond them', () => {
  const oracle = value(
    [2, 6, 7],
    Array.from({ length: 84 }, (_, i) => i),
  );
  const at = (wrong: readonly number[]) => {
    const flat = wrong.reduce((sum, index, d) => sum * ([2, 6, 7][d] as number) + index, 0);
    const data = oracle.data.map((x, i) => (i === flat ? -1 : x));
    const { around } = examine('y', { ...oracle, data }, oracle, { kind: 'exact' });
    for (const { index, actual, expected, wrong: isWrong } of around.flat()) {
      const place = index.reduce((sum, i, d) => sum * ([2, 6, 7][d] as number) + i, 0);
      expect([expected, actual]).toEqual([place, place === flat ? -1 : place]);
      expect(isWrong).toBe(place === flat);
    }
    return around.map((row) => row.map(({ index }) => index.join('')));
  };
  expect(at([1, 2, 3])).toEqual([
    ['101', '102', '103', '104', '105'],
    ['111', '112', '113', '114', '115'],
    ['121', '122', '123', '124', '125'],
    ['131', '132', '133', '134', '135'],
    ['141', '142', '143', '144', '145'],
  ]);
  expect(at([0, 0, 6])).toEqual([
    ['004', '005', '006'],
    ['014', '015', '016'],
    ['024', '025', '026'],
  ]);
  const row = examine('y', value([4], [0, 0, 0, 1]), value([4], [0, 0, 0, 0]), { kind: 'exact' });
  expect(row.around.map((each) => each.map(({ index }) => index))).toEqual([[[1], [2], [3]]]);
});

test('of several wrong elements the first is shown, and of none that is judged the first of all', () => {
  const zeros = value([3], [0, 0, 0]);
  const both = examine('y', value([3], [5, 0, 7]), zeros, { kind: 'exact' });
  expect(both).toMatchObject({ at: [0], wrong: 2, compared: 3, rule: 'exact' });
  expect(both.around[0]?.[0]).toEqual({
    index: [0],
    actual: 5,
    expected: 0,
    bound: 0,
    wrong: true,
  });
  const marked = Uint8Array.of(1, 1, 1);
  expect(examine('y', zeros, zeros, { kind: 'exact' }, marked)).toMatchObject({
    at: [0],
    compared: 0,
  });
});

test('codes have no bound, and are wrong where the record does not accept them', () => {
  const codes: Acceptance = { kind: 'codes', accepts: (i, y) => y === i || y === 9, inBand: 0 };
  const found = examine('q', value([4], [0, 9, 2, 2]), value([4], [0, 1, 2, 3]), codes);
  expect(found).toMatchObject({
    rule: 'codes',
    wrong: 1,
    at: [3],
    shares: binsOf([0, 3], [32, 1]),
  });
  expect(found.around[0]?.map(({ bound, wrong }) => [bound, wrong])).toEqual([
    [null, false],
    [null, false],
    [null, true],
  ]);
});

test('equality has no shares between 0 and 1; elements that are not judged do not count', () => {
  const actual = value([2], [1, 3]);
  const oracle = value([2], [1, 2]);
  expect(examine('y', actual, oracle, { kind: 'exact' }).shares).toEqual([
    1,
    ...SHARES.map(() => 0),
    1,
  ]);
  expect(examine('y', actual, oracle, { kind: 'exact' }, Uint8Array.of(0, 1))).toMatchObject({
    compared: 1,
    wrong: 0,
  });
});

test('a scalar and an empty tensor are covered too', () => {
  expect(examine('loss', value([], [2]), value([], [1]), { kind: 'exact' })).toMatchObject({
    at: [],
    around: [[{ index: [], wrong: true }]],
  });
  expect(examine('y', value([0, 3], []), value([0, 3], []), { kind: 'exact' })).toMatchObject({
    compared: 0,
    around: [],
  });
});
