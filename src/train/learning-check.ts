import type { TrainingConfig } from './config.ts';

/** What a run is judged by. Losses in nats a byte. */
export interface TrainingMetrics {
  readonly heldoutBefore: number;
  readonly heldoutAfter: number;
  /** Held-out loss of the same run with the optimizer's update left out. */
  readonly heldoutFrozen: number;
  readonly unigram: number;
}

/** Why a run did not learn what it must. */
export interface LearningFailure {
  readonly message: string;
  /** Too few steps were taken to conclude anything from that. */
  readonly tooShort: boolean;
}

/**
 * Why the run did not learn what it must, or nothing. The held-out loss must end 1.5 nats or more
 * below the frozen run, and, for a text of 32 KiB or more, 0.15 nats or more below the unigram
 * entropy: a shorter text holds too little to generalise from, but a wrong gradient still cannot
 * bring the loss down so far. A run of fewer steps than an answer needs is too short for one, unless
 * its loss is no number.
 */
export function learningFailure(
  { heldoutAfter, heldoutFrozen, unigram }: TrainingMetrics,
  textBytes: number,
  { steps, answerSteps, marginBelowFrozen, marginBelowUnigram, unigramRuleBytes }: TrainingConfig,
): LearningFailure | undefined {
  const tooShort = steps < answerSteps && Number.isFinite(heldoutAfter);
  const after = `the held-out loss ended at ${heldoutAfter.toFixed(3)} nats a byte after ${steps} ${steps === 1 ? 'step' : 'steps'}`;
  // Written so that a loss that is no number fails.
  if (!(heldoutAfter <= heldoutFrozen - marginBelowFrozen)) {
    const missed = `${marginBelowFrozen} below the frozen run's ${heldoutFrozen.toFixed(3)}`;
    const hopeless = unigram > heldoutFrozen - marginBelowUnigram;
    return { message: `${after}, not ${missed}${hint(hopeless)}`, tooShort };
  }
  if (textBytes >= unigramRuleBytes && !(heldoutAfter <= unigram - marginBelowUnigram)) {
    const missed = `${marginBelowUnigram} below the byte frequencies' ${unigram.toFixed(3)}`;
    return { message: `${after}, not ${missed}${hint(unigram < marginBelowUnigram)}`, tooShort };
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
