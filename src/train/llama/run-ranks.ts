import type { LabelledTokens } from '../../data/labelled-tokens.ts';
import type { BatchSource } from '../loop/batch-source.ts';
import { anyOf, gatherNumbers } from '../sharded/gather-numbers.ts';
import type { ProcessGroup } from '../sharded/process-group.ts';
import { RankBatches } from '../sharded/rank-batches.ts';
import type { RunPlan } from './run-plan.ts';
import { TextBatches, type TextBatchesOptions } from './text-batches.ts';

/** What ranks of a run agree on; a run by itself has no group. */
type Group = ProcessGroup | undefined;

/** The steps of a rank over the texts of a run. */
export function sourceOf(
  texts: readonly LabelledTokens[],
  options: TextBatchesOptions,
  group: Group,
): BatchSource {
  const batches = new TextBatches(texts, options);
  return group ? new RankBatches(batches, group) : batches;
}

/** The texts that a rank holds out: the first one does. */
export const heldoutOf = ({ heldout }: RunPlan, group: Group): readonly LabelledTokens[] =>
  group && group.rank > 0 ? [] : heldout;

/** Whether any rank says so. */
export const anySays = async (group: Group, own: boolean): Promise<boolean> =>
  group ? await anyOf(group, own) : own;

/** Waits for what may take any time, in which the other ranks do not give this one up. */
export const outlast = async (group: Group, waiting: Promise<void> | undefined): Promise<void> =>
  group && waiting ? await group.outlast(waiting) : await waiting;

/** The most bytes that each rank took, in their order; nothing of a run by itself. */
export async function peaksOf(
  group: Group,
  own: number,
): Promise<{ readonly peakBytesOfWorkers?: readonly number[] }> {
  return group ? { peakBytesOfWorkers: (await gatherNumbers(group, [own])).flat() } : {};
}
