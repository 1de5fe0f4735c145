import type { CaseResult, Report } from './schema.ts';
import { TRAINING_WORDS, type TrainingWords } from './training-words.ts';

/** The answer of a fine-tuning: `none` where nothing is proved. */
export interface TrainingAnswer {
  readonly tone: 'good' | 'warn' | 'bad' | 'none';
  readonly headline: string;
  readonly sentences: readonly string[];
}

/**
 * What page, terminal and summaries say of a report of kind `train`, which has one result, or none
 * where the run was stopped before it had a device.
 */
export function trainingAnswer(
  { results: [result], environments }: Pick<Report, 'results' | 'environments'>,
  words: TrainingWords = TRAINING_WORDS,
): TrainingAnswer {
  if (!result || result.error?.code === 'interrupted') {
    return {
      tone: 'none',
      headline: words.stopped(result?.series?.['loss']?.length ?? 0),
      sentences: [words.startAgain],
    };
  }
  const { metrics = {} } = result;
  const figures = figuresOf(metrics, words);
  if (result.status === 'pass') {
    const slowly = environments.some(({ adapter }) => adapter.isFallback);
    return {
      tone: slowly ? 'warn' : 'good',
      headline: slowly ? words.learntSlowly : words.learnt,
      sentences: [whatLearnt(metrics, words), ...figures, ...(slowly ? [words.slow] : [])],
    };
  }
  if (result.status === 'skip') {
    const { heldoutBefore, heldoutAfter } = metrics;
    const learns = heldoutBefore != null && heldoutAfter != null && heldoutAfter < heldoutBefore;
    return {
      tone: 'none',
      headline: words.tooShort(stepsOf(result), learns),
      sentences: [words.provesNothing, ...figures],
    };
  }
  return {
    tone: 'bad',
    headline: result.status === 'fail' ? words.notLearnt : words.broke,
    sentences: [...(result.error ? [sentence(result.error.message)] : []), ...figures],
  };
}

type Metrics = NonNullable<CaseResult['metrics']>;

/** More than byte frequencies only where the loss ends below what these alone give. */
function whatLearnt({ heldoutAfter, unigram }: Metrics, words: TrainingWords): string {
  const isMore = heldoutAfter == null || unigram == null || heldoutAfter < unigram;
  return isMore ? words.what : words.frequencies;
}

function figuresOf(
  { heldoutBefore, heldoutAfter, unigram, judgedSteps, stepMs, peakBytes }: Metrics,
  words: TrainingWords,
): readonly string[] {
  return [
    ...(heldoutBefore != null && heldoutAfter != null
      ? [words.fell(heldoutBefore, heldoutAfter, unigram ?? undefined)]
      : []),
    ...(judgedSteps != null ? [words.judged(judgedSteps)] : []),
    ...(stepMs != null && peakBytes != null ? [words.measured(stepMs, peakBytes)] : []),
  ];
}

/** The number of steps that stands in the id of a training. */
function stepsOf({ id }: CaseResult): number {
  return Number(/;steps=(\d+)/.exec(id)?.[1]);
}

/** An error's message as a sentence. */
function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? '' : '.'}`;
}
