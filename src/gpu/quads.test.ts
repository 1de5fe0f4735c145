import { describe, expect, test } from 'vitest';
import { hostGpu } from './fixtures/host-gpu.ts';
import { areNeighbours, quadMembers } from './quads.ts';

const SIZE = 64;
const GROUPS = 4;

/**
 * What the adapter answers whose invocation `local` is lane `laneOf(local)` of its subgroup, and
 * `lanes` of these follow one another.
 */
function membersOf(laneOf: (local: number) => number, lanes = SIZE): Uint32Array {
  const locals = Array.from({ length: SIZE }, (_, local) => local);
  const placeOf = (local: number) => Math.floor(local / lanes) * lanes + laneOf(local);
  const at = new Map(locals.map((local) => [placeOf(local), local]));
  const quads = locals.map((local) => {
    const place = placeOf(local);
    return [0, 1, 2, 3].map((lane) => at.get(place - (place % 4) + lane));
  });
  return Uint32Array.from({ length: GROUPS * SIZE * 4 }, (_, i) => {
    const own = Math.floor(i / 4);
    const member = quads[own % SIZE]?.[i % 4];
    // A lane without an invocation gives 0.
    return member === undefined ? 0 : own - (own % SIZE) + member;
  });
}

const neighbours = () => membersOf((local) => local);

/** The same answer with other words in one workgroup. */
function withGroup(group: number, change: (words: Uint32Array) => void): Uint32Array {
  const members = neighbours();
  change(members.subarray(group * SIZE * 4, (group + 1) * SIZE * 4));
  return members;
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
    ['where halves of a quad are swapped', (local) => local ^ 2],
    ['where quads begin one lane later', (local) => (local + 1) % 64],
    [
      'where quads are squares of 8 x 8 invocations',
      (local) => (local & 0b110001) | ((local & 0b1000) >> 2) | ((local & 0b110) << 1),
    ],
    ['where every second lane of a larger subgroup is idle', (local) => 2 * local, 128],
  ])('%s', (_, laneOf, lanes) => {
    expect(areNeighbours(membersOf(laneOf, lanes))).toBe(false);
  });

  describe.each([0, 1, 2, 3])('where workgroup %i alone', (group) => {
    test.each<[string, (words: Uint32Array) => void]>([
      ['has two lanes swapped, in its last quad', (words) => words.set([1, 0], words.length - 2)],
      ['gives the lanes of another', (words) => words.set(words.map((word) => word ^ SIZE))],
      ['runs backwards', (words) => words.reverse()],
      ['gives one lane to all', (words) => words.fill(words[0] as number)],
      ['gives nothing', (words) => words.fill(0xffffffff)],
      ['gives a NaN', (words) => words.set([0x7fc00000], 5)],
      ['gives its indices as floats', (words) => words.set(new Uint32Array(floatsOf(words)))],
    ])('%s', (_, change) => {
      expect(areNeighbours(withGroup(group, change))).toBe(false);
    });
  });

  test('where a part of the answer is missing, or all of it', () => {
    expect(areNeighbours(neighbours().subarray(0, SIZE * 4))).toBe(false);
    expect(areNeighbours(new Uint32Array())).toBe(false);
  });
});

test('four workgroups are asked for the four members of each invocation', async () => {
  const { gpu, host } = await hostGpu({
    run: ({ bindings: [members] }) => void members?.bytes.fill(3),
  });
  const members = await quadMembers(gpu);
  expect([members.length, new Set(members)]).toEqual([GROUPS * SIZE * 4, new Set([0x03030303])]);
  const [{ workgroups, bindings } = { workgroups: [], bindings: [] }] = host.dispatches;
  expect(workgroups).toEqual([GROUPS, 1, 1]);
  expect(bindings.map(({ size }) => size)).toEqual([GROUPS * SIZE * 16]);
  expect(gpu.memory.ledger.liveBytes).toBe(0);
});

function floatsOf(words: Uint32Array): ArrayBuffer {
  return Float32Array.from(words).buffer;
}
