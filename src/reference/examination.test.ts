import { expect, test } from 'vitest';
import { examine, SHARES } from './examination.ts';

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
