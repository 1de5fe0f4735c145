import { expect, test } from 'vitest';
import type { Examples } from '../../data/examples.ts';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { GroupedBatches } from '../grouped-batches.ts';
import { StepInputs } from '../loop/step-inputs.ts';
import { anyOf, gatherNumbers, meanOverRanks } from './gather-numbers.ts';
import { groupPlaces, ProcessGroup } from './process-group.ts';
import { RankBatches } from './rank-batches.ts';

/** A micro-batch with so many labels. */
const asking = (count: number): Examples => ({
  inputs: { x: hostTensorFrom('f32', [1], [count]) },
  labels: hostTensorFrom('i32', [count], new Array<number>(count).fill(7)),
});

const sizesOf = (parts: readonly Examples[] | undefined) =>
  parts?.map(({ labels }) => labels.data.length);

test.each([
  [
    2,
    4,
    [
      [1, 2],
      [3, 4],
    ],
  ],
  [
    2,
    5,
    [
      [1, 2],
      [3, 4, 5],
    ],
  ],
  [3, 3, [[1], [2], [3]]],
  [
    3,
    7,
    [
      [1, 2],
      [3, 4],
      [5, 6, 7],
    ],
  ],
])('%i ranks share %i micro-batches, each once', (size, count, shares) => {
  const all = Array.from({ length: count }, (_, i) => asking(i + 1));
  shares.forEach((own, rank) => {
    const batches = new RankBatches(new GroupedBatches(all, count), { rank, size });
    expect(sizesOf(batches.next())).toEqual(own);
    const others = shares.flat().filter((n) => !own.includes(n));
    expect(sizesOf(batches.others)).toEqual(others);
    expect(batches.next()).toBeUndefined();
    batches.seek(0);
    expect(sizesOf(batches.next())).toEqual(own);
  });
});

test('a rank without a micro-batch asks nothing, and the others have all shares', async () => {
  const { gpu } = await hostGpu();
  const all = [asking(2), asking(6)];
  const shares = [0, 1, 2].map(async (rank) => {
    const batches = new RankBatches(new GroupedBatches(all, 2), { rank, size: 3 });
    const parts = batches.next() as readonly Examples[];
    using inputs = new StepInputs(gpu, parts, {}, batches.others);
    return [...((await inputs.parts[0]?.share.read())?.data ?? [])];
  });
  // Two micro-batches, dealt to the last ranks.
  expect(await Promise.all(shares)).toEqual([[0], [0.25], [0.75]]);
});

/** What each of three ranks gets of a collective. */
async function byRank<T>(call: (group: ProcessGroup) => Promise<T>): Promise<readonly T[]> {
  const groups = groupPlaces(3).map((place) => new ProcessGroup(place));
  const all = await Promise.all(groups.map(call));
  for (const group of groups) group[Symbol.dispose]();
  return all;
}

test('numbers come over bit by bit, in the order of the ranks', async () => {
  const numbers = [Math.PI, -0, Number.NaN, 1 / 3, 5e-324];
  const all = await byRank((group) => gatherNumbers(group, [group.rank / 3, ...numbers]));
  for (const each of all) expect(each).toEqual([0, 1, 2].map((rank) => [rank / 3, ...numbers]));
});

test('a loss is the mean over what all ranks ask', async () => {
  const own = [
    { mean: 4, asked: 0.25 },
    { mean: Number.NaN, asked: 0 },
    { mean: 2, asked: 0.75 },
  ] as const;
  const all = await byRank((group) => meanOverRanks(group, own[group.rank] as (typeof own)[0]));
  expect(all).toEqual([2.5, 2.5, 2.5]);
});

test('one rank that says so is enough', async () => {
  expect(await byRank((group) => anyOf(group, group.rank === 1))).toEqual([true, true, true]);
  expect(await byRank((group) => anyOf(group, false))).toEqual([false, false, false]);
});
