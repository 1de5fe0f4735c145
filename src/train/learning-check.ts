import type { TrainingConfig } from './config.ts';

/** What a run is judged by. Losses in nats a byte. */
export interface TrainingMetrics {
  readonly heldoutBefore: number;
  readonly heldoutAfter: number;
  /** Held-out loss of the same run with the optimizer's update left out. */
  readonly heldoutFrozen: number;
  readonly unigram: number;
}

/**
 * Why the run did not learn what it must, or nothing. The held-out loss must end 1.5 nats or more
 * below the frozen run, and, for a text of 32 KiB or more, 0.15 nats or more below the unigram
 * entropy: a shorter text holds too little to generalise from, but a wrong gradient still cannot
 * bring the loss down so far.
 */
export function learningFailure(
  { heldoutAfter, heldoutFrozen, unigram }: TrainingMetrics,
  textBytes: number,
  { steps, marginBelowFrozen, marginBelowUnigram, unigramRuleBytes }: TrainingConfig,
): string | undefined {
  const after = `the held-out loss ended at ${heldoutAfter.toFixed(3)} nats a byte after ${steps} ${steps === 1 ? 'step' : 'steps'}`;
  // Written so that a loss that is no number fails.
  if (!(heldoutAfter <= heldoutFrozen - marginBelowFrozen)) {
    return `${after}, not ${marginBelowFrozen} below the frozen run's ${heldoutFrozen.toFixed(3)}${hint(unigram > heldoutFrozen - marginBelowUnigram)}`;
  }
  if (textBytes >= unigramRuleBytes && !(heldoutAfter <= unigram - marginBelowUnigram)) {
    return `${after}, not ${marginBelowUnigram} below the byte frequencies' ${unigram.toFixed(3)}${hint(unigram < marginBelowUnigram)}`;
  }
  return undefined;
}

/**
 * What to do when the fault may be the text's: random bytes cannot be foretold, and of one repeated
 * byte nothing is left to learn.
 */
function hint(hopeless: boolean): string {
  return hopeless
    ? ': bytes like these leave nothing to learn, choose a text that people wrote'
    : '';
}
