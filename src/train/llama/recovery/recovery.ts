import { seam } from '../../../seam.ts';
import type { WaysBack } from '../../checkpoint/checkpoint-keeper.ts';
import { RankLostError } from '../../sharded/rank-errors.ts';
import type { LlamaTrainingConfig } from '../config/read-training-config.ts';
import type { LlamaMilestone } from '../progress.ts';
import { RunHistory } from '../run-history.ts';
import {
  LossExplodedError,
  type LostWayError,
  NonFiniteGradientsError,
  StepError,
} from './run-faults.ts';
import { RunWatch } from './run-watch.ts';

/** A change by which a run goes on that cannot go on as it was. */
export type RunChange = Extract<
  LlamaMilestone,
  { readonly type: 'rolled-back' | 'rank-lost' | 'halved' }
>;

/** Where a run stands that something was thrown in. */
interface Interrupted {
  /** As it is now, faults before counted in. */
  readonly config: LlamaTrainingConfig;
  readonly history: readonly LlamaMilestone[];
  /** Whether checkpoints of it are kept. */
  readonly isKept: boolean;
}

/** How a run goes on. */
interface WayOn extends Pick<WaysBack, 'latest'>, Partial<Pick<WaysBack, 'isSound'>> {
  /** What it changes that goes on after step `to`; undefined where it was lost there too often. */
  readonly change: (to: number) => RunChange | undefined;
}

/** How a run goes on after something was thrown; undefined where it ends. */
export function wayOnAfter(thrown: unknown, run: Interrupted): WayOn | undefined {
  if (isOutOfMemory(thrown)) return halved(run);
  if (thrown instanceof NonFiniteGradientsError) return rolledBack(thrown, 'nonfinite', run);
  if (thrown instanceof RankLostError) return withNewRanks(thrown, run);
  if (thrown instanceof LossExplodedError) return rolledBack(thrown, 'exploded', run);
  return undefined;
}

/** Whether a step did not fit, here or at another rank. */
const isOutOfMemory = (thrown: unknown): boolean =>
  (thrown instanceof StepError && thrown.code === 'out-of-memory') ||
  (thrown instanceof RankLostError && thrown.thrown === 'out-of-memory');

const now = (): string => new Date().toISOString();
const lastStep = (history: readonly LlamaMilestone[]): number =>
  history.findLast(({ type }) => type === 'step')?.step ?? 0;

const goneBack = (history: readonly LlamaMilestone[]) =>
  history.flatMap((one) => (one.type === 'rolled-back' ? [one] : []));

/**
 * Up to which steps a run goes back that is lost from step `since` on: the update before that may be
 * what is wrong. Where it was lost before and is not past the step that it had gone back from, what it
 * went back to was wrong already; where there is nothing before that, it is tried again, slower.
 */
function upTo(since: number, history: readonly LlamaMilestone[]): readonly number[] {
  const last = goneBack(history).at(-1);
  return last && since <= last.step ? [Math.min(since - 2, last.to - 1), last.to] : [since - 2];
}

/** What a run may have to go back to that can be found to be wrong from step `since` on. */
export const waysBack = (
  since: number,
  history: readonly LlamaMilestone[],
  { isSound }: Pick<WaysBack, 'isSound'>,
): WaysBack => ({ safe: since - 2, latest: upTo(since, history), isSound });

function rolledBack(
  { since }: LostWayError,
  why: 'nonfinite' | 'exploded',
  { config: { recovery, optimizer }, history, isKept }: Interrupted,
): WayOn | undefined {
  if (!isKept || goneBack(history).length >= recovery.maxRollbacks) return undefined;
  const watch = new RunWatch(recovery, new RunHistory(history).seen, isKept);
  const learningRate = (optimizer.lr ?? 0) * recovery.rollbackRate;
  const step = lastStep(history);
  const change = (to: number): RunChange => ({
    ...{ type: 'rolled-back', step, to, at: now(), why, learningRate },
  });
  return { latest: upTo(since, history), isSound: (at) => watch.isSound(at), change };
}

/** All ranks begin anew at the last checkpoint: none has the parts of the one that was lost. */
function withNewRanks(
  { rank, why }: RankLostError,
  { config: { recovery }, history, isKept }: Interrupted,
): WayOn | undefined {
  if (!isKept) return undefined;
  // Who resumed the run has seen to what was there before.
  const resumed = history.findLastIndex(({ type }) => type === 'restored');
  const before = history
    .slice(resumed + 1)
    .flatMap((one) => (one.type === 'rank-lost' ? [one] : []));
  const step = lastStep(history) + 1;
  const change = (to: number): RunChange | undefined => {
    // After those that went back further the run moved on to this checkpoint.
    const here = before.filter((one) => one.to >= to).length;
    if (here >= recovery.maxRollbacks) return undefined;
    return { type: 'rank-lost', step, to, at: now(), rank, why };
  };
  return { latest: [Number.POSITIVE_INFINITY], change };
}

/** The micro-batches of a step that are as many texts together, each the smallest factor smaller. */
const split = seam('train.llama.split', (batchSize: number, accumulation: number) => {
  const factor = smallestFactor(batchSize);
  return { batchSize: batchSize / factor, accumulation: accumulation * factor };
});

function halved({ config: { batchSize, accumulation }, history }: Interrupted): WayOn | undefined {
  if (batchSize === 1) return undefined;
  const step = lastStep(history) + 1;
  const change = (to: number): RunChange => ({
    ...{ type: 'halved', step, to, at: now(), ...split(batchSize, accumulation) },
  });
  return { latest: [step], change };
}

function smallestFactor(n: number): number {
  for (let factor = 2; factor * factor <= n; factor++) if (n % factor === 0) return factor;
  return n;
}
