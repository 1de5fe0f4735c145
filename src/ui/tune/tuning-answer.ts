import type { Answer } from '../check/answer.ts';
import { unitsWords } from '../messages/units.en.ts';
import { tuningWords } from './tuning.en.ts';
import { stepsOf, type TuningState } from './tuning-state.ts';

/** What is said of a run that has ended: by its report where that is there, else by its losses. */
export function tuningAnswer(state: TuningState): Answer {
  const words = tuningWords().verdict;
  const figures = figuresOf(state);
  const { done } = stepsOf(state);
  const result = state.report?.results[0];
  if (state.stopped) {
    const headline = done > 0 ? words.stopped(done) : words.stoppedEarly;
    return { tone: 'none', headline, sentences: figures };
  }
  if (result && result.status !== 'pass' && result.status !== 'skip') {
    const message = result.error?.message ?? '';
    return { tone: 'bad', headline: words.broke, sentences: [message, ...figures] };
  }
  if (!fell(state)) return { tone: 'none', headline: words.tooShort, sentences: figures };
  return {
    ...(state.slow
      ? {
          tone: 'warn',
          headline: state.onReference ? words.learntOnReference : words.learntSlowly,
        }
      : { tone: 'good', headline: words.learnt }),
    sentences: figures,
  };
}

/** The loss of texts that it never saw, and without such texts that of its steps. */
function fell({ heldout, steps }: TuningState): boolean {
  const course = heldout.length > 1 ? heldout : steps;
  const first = course[0];
  const last = course.at(-1);
  return first !== undefined && last !== undefined && last.loss < first.loss;
}

function figuresOf({ heldout, judged }: TuningState): readonly string[] {
  const words = tuningWords().verdict;
  const before = heldout[0];
  const after = heldout.at(-1);
  return [
    ...(before && after && before !== after
      ? [words.fell(nats(before.loss), nats(after.loss))]
      : []),
    ...(judged.length > 0 ? [words.judged(judged.length)] : []),
  ];
}

/** A loss as it is told. */
export function nats(loss: number): string {
  return unitsWords().number(loss, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}
