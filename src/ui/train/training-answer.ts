import type { CaseResult } from '../../report/schema.ts';
import { DEFAULT_TRAINING } from '../../train/config.ts';
import { trainingWords } from './training.en.ts';
import type { TrainingState } from './training-state.ts';

/** The verdict of a training run in plain words. */
export interface TrainingAnswer {
  readonly tone: 'good' | 'bad' | 'none';
  readonly headline: string;
  readonly sentences: readonly string[];
}

/**
 * What to tell of an ended run; one that was stopped has no result, or a part of one, and concludes
 * nothing.
 */
export function trainingAnswer(
  result: CaseResult | undefined,
  { start, msPerStep, judged, losses }: TrainingState,
): TrainingAnswer {
  const words = trainingWords().verdict;
  if (!result || result.error?.code === 'interrupted') {
    return {
      tone: 'none',
      headline: words.stopped(losses.at(-1)?.step ?? 0),
      sentences: [words.startAgain],
    };
  }
  const { heldoutBefore, heldoutAfter, unigram } = result.metrics ?? {};
  const figures =
    heldoutBefore != null && heldoutAfter != null
      ? [words.fell(heldoutBefore, heldoutAfter, unigram ?? undefined)]
      : [];
  const speed =
    msPerStep === undefined || !start ? [] : [words.speed(msPerStep, start.bytesForecast)];
  const checked = judged.length === 0 ? [] : [words.judged(judged.length)];
  if (result.status === 'pass')
    return { tone: 'good', headline: words.learnt, sentences: [...figures, ...checked, ...speed] };
  if (result.error?.code === 'not-learnt' && start && start.steps < DEFAULT_TRAINING.steps) {
    const learns = heldoutBefore != null && heldoutAfter != null && heldoutAfter < heldoutBefore;
    return {
      tone: 'none',
      headline: words.tooEarly(start.steps, learns),
      sentences: [...figures, words.tryUsual, ...speed],
    };
  }
  return {
    tone: 'bad',
    headline: words.notLearnt,
    sentences: [sentence(result.error?.message ?? words.noReason), ...figures, ...speed],
  };
}

/** An error's message as a sentence. */
function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? '' : '.'}`;
}
