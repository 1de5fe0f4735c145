import type { LlamaTraining } from './llama-training.ts';
import { isHappened } from './progress.ts';
import { RunHistory } from './run-history.ts';

/**
 * What a run told that goes on by the engine of that name, from a checkpoint or anew, why, and that it
 * does. One that has made its last step does not go on.
 */
export function resumedHistory(
  { from, interruption }: Pick<LlamaTraining, 'from' | 'interruption'>,
  engine: string | undefined,
): RunHistory {
  const { state, steps = 0, history: before = [], engine: writer } = from?.checkpoint ?? {};
  const step = state?.step ?? 0;
  const history = new RunHistory(before);
  if (interruption) {
    // The checkpoint knows the first ones of them.
    const { happened, lost } = interruption;
    const known = before.filter(isHappened).length;
    for (const told of [...happened.slice(known), lost]) history.add(told);
  } else if (step >= steps) return history;
  const isOther = engine !== undefined && writer !== undefined && writer !== engine;
  history.add({
    ...{ type: 'restored', step, at: new Date().toISOString() },
    ...(isOther ? { writtenBy: writer } : {}),
  });
  return history;
}
