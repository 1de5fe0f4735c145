import { describe, expect, test } from 'vitest';
import { codeIn, groupsOf, packedShape, packSlices, placeIn, slices } from './quanto-groups.ts';

const weight = { shape: [4, 6], data: Float64Array.from({ length: 24 }, (_, i) => i) };
const membersOf = (axis: 0 | -1, group_size?: number) =>
  groupsOf(weight, { qtype: 'qint4', axis, group_size }).members.map((group) => [...group]);

describe('groups of a weight of 4 rows and 6 columns', () => {
  test('without a size they are its rows or its columns', () => {
    expect(membersOf(0)).toEqual([0, 6, 12, 18].map((x) => [0, 1, 2, 3, 4, 5].map((j) => x + j)));
    expect(membersOf(-1)).toEqual([0, 1, 2, 3, 4, 5].map((x) => [x, x + 6, x + 12, x + 18]));
  });

  test('along rows they follow each other', () => {
    expect(membersOf(0, 3)).toEqual([0, 3, 6, 9, 12, 15, 18, 21].map((x) => [x, x + 1, x + 2]));
  });

  test('along columns they are parts of a column, those of a column beside each other', () => {
    expect(membersOf(-1, 2)).toEqual(
      [0, 12, 1, 13, 2, 14, 3, 15, 4, 16, 5, 17].map((x) => [x, x + 6]),
    );
  });

  test.each([
    [0, undefined],
    [0, 3],
    [-1, undefined],
    [-1, 2],
  ] as const)('axis %i, size %s: each place is met once, by its group', (axis, group_size) => {
    const { placeOf, groupOf, members, shape } = groupsOf(weight, {
      qtype: 'qint4',
      axis,
      group_size,
    });
    const places = Array.from({ length: 24 }, (_, i) => placeOf(i));
    expect(places.toSorted((a, b) => a - b)).toEqual([...weight.data]);
    for (const [i, place] of places.entries()) expect(members[groupOf(i)]).toContain(place);
    expect((shape[0] ?? 0) * (shape[1] ?? 0)).toBe(24);
  });
});

test.each([
  [0, 6],
  [0, 3],
  [-1, 4],
  [-1, 2],
] as const)('axis %i, size %i: each element is found where it was put', (axis, group_size) => {
  const groups = groupsOf(weight, { qtype: 'qint4', axis, group_size });
  const placeOf = placeIn({ axis, group_size, out_features: 4, in_features: 6 });
  const found = Array.from({ length: 24 }, (_, i) => placeOf(i));
  expect(found.map(({ place }) => groups.placeOf(place))).toEqual([...weight.data]);
  expect(found.map(({ place }) => groups.groupOf(place))).toEqual(found.map((of) => of.group));
});

describe('codes in bytes', () => {
  test.each([
    [2, 6, [0b11_10_01_00, 0b00_11_10_01], [0, 1, 1, 2, 2, 3, 3, 0]],
    [4, 2, [0x31, 0x52], [1, 2, 3, 5]],
  ])('of %i bits, those of the first rows in the lowest bits', (bits, _, bytes, codes) => {
    const packed = packSlices(codes, bytes.length, bits);
    expect([...packed]).toEqual(bytes);
    const value = { shape: [bytes.length], data: packed };
    expect(codes.map((_code, i) => codeIn(value, i, bits))).toEqual(codes);
  });

  test('what is missing in the last slice is zero', () => {
    expect([...packSlices([1, 2, 3], 2, 4)]).toEqual([0x31, 0x02]);
  });

  test('so many slices share a byte, and so many rows of bytes there are', () => {
    expect([slices(2), slices(4)]).toEqual([
      [0, 1, 2, 3],
      [0, 1],
    ]);
    expect(packedShape({ shape: [5, 3] }, 2)).toEqual([2, 3]);
    expect(packedShape({ shape: [5, 3] }, 4)).toEqual([3, 3]);
  });
});
