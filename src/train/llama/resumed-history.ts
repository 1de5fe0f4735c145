import type { LlamaTraining } from './llama-training.ts';
import { RunHistory } from './run-history.ts';

/**
 * What a run told that goes on by the engine of that name, from a checkpoint or anew, why, and that it
 * does. One that has made its last step does not go on.
 */
export function resumedHistory(
  { from, lost }: Pick<LlamaTraining, 'from' | 'lost'>,
  engine: string | undefined,
): RunHistory {
  const { state, steps = 0, history: before, engine: writer } = from?.checkpoint ?? {};
  const step = state?.step ?? 0;
  const history = new RunHistory(before);
  if (lost) history.add(lost);
  if (!lost && step >= steps) return history;
  const isOther = engine !== undefined && writer !== undefined && writer !== engine;
  history.add({
    ...{ type: 'restored', step, at: new Date().toISOString() },
    ...(isOther ? { writtenBy: writer } : {}),
  });
  return history;
}
