/** What was run: the plan's cases, recordings or checkpoints that were dropped, or fine-tuning. */
export type Subject = 'plan' | 'recordings' | 'trainings';

/**
 * What a replay counts: of checkpoints, their weights, which no producer recorded; checks where
 * both are there.
 */
export type Replayed = 'recordings' | 'weights' | 'checks';

/** What is counted. */
export type Counted = Subject | Replayed;

/** What the cases of a replay are. */
export function replayedIn(cases: readonly { readonly suite: string }[]): Replayed {
  const weights = cases.filter(({ suite }) => suite === 'parity.checkpoint').length;
  return weights === 0 ? 'recordings' : weights === cases.length ? 'weights' : 'checks';
}
