import type { FoundAt } from '../gradient-health.ts';
import { type BatchLoss, meanOfBatches } from '../mean-of-batches.ts';
import type { ProcessGroup } from './process-group.ts';
import type { Part } from './rank.ts';

/** What every rank has, as many numbers each: float64, bit by bit, in the order of the ranks. */
export async function gatherNumbers(
  group: ProcessGroup,
  own: readonly number[],
): Promise<readonly (readonly number[])[]> {
  const all = new Float64Array(own.length * group.size);
  // A collective only moves what lies in a vector.
  await group.allGather(
    new Float32Array(Float64Array.from(own).buffer),
    new Float32Array(all.buffer),
  );
  return Array.from({ length: group.size }, (_, rank) => [
    ...all.subarray(rank * own.length, (rank + 1) * own.length),
  ]);
}

/** Whether any rank says so. */
export async function anyOf(group: ProcessGroup, own: boolean): Promise<boolean> {
  return (await gatherNumbers(group, [Number(own)])).some(([said]) => said === 1);
}

/** The largest of what the ranks have. */
export async function largestOfRanks(group: ProcessGroup, own: number): Promise<number> {
  return Math.max(...(await gatherNumbers(group, [own])).flat());
}

/** The mean loss of a step over the micro-batches of all ranks. */
export async function meanOverRanks(
  group: ProcessGroup,
  { mean, asked }: BatchLoss,
): Promise<number> {
  const all = await gatherNumbers(group, [mean, asked]);
  return meanOfBatches(all.map(([of = 0, share = 0]) => ({ mean: of, asked: share })));
}

/** What was found first in the parts of all ranks, given what was in this one's. */
export async function firstOfRanks(
  { group, part }: { readonly group: ProcessGroup; readonly part: Part },
  own: FoundAt | undefined,
): Promise<FoundAt | undefined> {
  const all = await gatherNumbers(group, own ? [part.start + own.at, own.count] : [-1, 0]);
  const [first] = all.find(([at = -1]) => at >= 0) ?? [];
  return first === undefined
    ? undefined
    : { at: first, count: all.reduce((sum, [, count = 0]) => sum + count, 0) };
}
