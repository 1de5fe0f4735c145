import { describe, expect, test } from 'vitest';
import { areNeighbours } from './quads.ts';

/**
 * What the adapter answers whose invocation `local` is lane `laneOf(local)` of its subgroup, and
 * `lanes` of these follow one another.
 */
function membersOf(laneOf: (local: number) => number, lanes = 64): Uint32Array {
  const at = new Map(
    Array.from({ length: 64 }, (_, local) => [
      Math.floor(local / lanes) * lanes + laneOf(local),
      local,
    ]),
  );
  const words = Array.from({ length: 64 }, (_, local) => {
    const place = Math.floor(local / lanes) * lanes + laneOf(local);
    return [0, 1, 2, 3].map((lane) => at.get(place - (place % 4) + lane) ?? 0);
  });
  return Uint32Array.from([...words, ...words].flat());
}

describe('quads are neighbours', () => {
  test.each([4, 8, 16, 32, 64])('where lanes of subgroups of %i follow the index', (lanes) => {
    expect(areNeighbours(membersOf((local) => local % lanes, lanes))).toBe(true);
  });

  test('where a subgroup has more lanes than the workgroup, and the others are idle', () => {
    expect(areNeighbours(membersOf((local) => local, 128))).toBe(true);
  });

  test('where whole quads are in another order', () => {
    expect(areNeighbours(membersOf((local) => 63 - local - ((63 - local) % 4) + (local % 4)))).toBe(
      true,
    );
  });
});

describe('quads are not neighbours', () => {
  test.each<[string, (local: number) => number, number?]>([
    ['where lanes run backwards', (local) => 63 - local],
    [
      'where lanes go down the columns of 8 x 8 invocations',
      (local) => (local % 8) * 8 + Math.floor(local / 8),
    ],
    ['where two lanes of a quad are swapped', (local) => local ^ 1],
    [
      'where quads are squares of 8 x 8 invocations',
      (local) => (local & 0b110001) | ((local & 0b1000) >> 2) | ((local & 0b110) << 1),
    ],
    ['where every second lane of a larger subgroup is idle', (local) => 2 * local, 128],
  ])('%s', (_, laneOf, lanes) => {
    expect(areNeighbours(membersOf(laneOf, lanes))).toBe(false);
  });

  test('where one workgroup has another order than the rest', () => {
    const words = membersOf((local) => local);
    words.set([1, 0], words.length - 2);
    expect(areNeighbours(words)).toBe(false);
  });
});
