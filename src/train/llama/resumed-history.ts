import type { CheckpointKeeper } from '../checkpoint/checkpoint-keeper.ts';
import type { RunWorkers } from '../sharded/strategies.ts';
import type { LlamaTraining } from './llama-training.ts';
import { isHappened } from './progress.ts';
import { RunHistory } from './run-history.ts';

/** Who goes on with a run. */
type GoingOn = Pick<CheckpointKeeper, 'engine' | 'workers'>;

/**
 * What a run told that goes on by these, from a checkpoint or anew, why, and that it does. One that has
 * made its last step does not go on.
 */
export function resumedHistory(
  { from, interruption }: Pick<LlamaTraining, 'from' | 'interruption'>,
  by: GoingOn | undefined,
): RunHistory {
  const {
    state,
    steps = 0,
    history: before = [],
    engine: writer,
    madeBy: was,
  } = from?.checkpoint ?? {};
  const step = state?.step ?? 0;
  const history = new RunHistory(before);
  if (interruption) {
    // The checkpoint knows the first ones of them.
    const { happened, lost } = interruption;
    const known = before.filter(isHappened).length;
    for (const told of [...happened.slice(known), lost]) history.add(told);
  } else if (step >= steps) return history;
  const isOther = by !== undefined && writer !== undefined && writer !== by.engine;
  const isChanged = by !== undefined && was !== undefined && !areSame(was, by.workers);
  history.add({
    ...{ type: 'restored', step, at: new Date().toISOString() },
    ...(isOther ? { writtenBy: writer } : {}),
    ...(isChanged ? { workers: { was, are: by.workers } } : {}),
  });
  return history;
}

const areSame = (was: RunWorkers, are: RunWorkers): boolean =>
  was.workers === are.workers && was.strategy === are.strategy;
