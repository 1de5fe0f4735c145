import type { Report, Summary } from './schema.ts';
import { countVerdicts, isUnreadable, NOTHING_READABLE } from './verdict.ts';

/**
 * The answer that a report gives in a sentence: `good` only where something passed, nothing is
 * wrong and nothing is missing.
 */
export interface AnswerLine {
  readonly tone: 'good' | 'bad' | 'open';
  readonly text: string;
}

/** What a report is about, by kind: what is counted, and what is said of those that are right. */
const SUBJECTS: Readonly<
  Record<Report['kind'], readonly [noun: string, right: string, wrong: string]>
> = {
  run: ['checks', 'are right', 'did not pass'],
  bench: ['measurements', 'count, because their results are right', 'did not pass'],
  mutate: ['mutants', 'were noticed', 'were not noticed'],
  train: ['fine-tunings', 'are right', 'did not pass'],
  test: ['tests', 'passed', 'did not pass'],
};

/** The answer, one or two lines. A part of a run says what is wrong, and never yes. */
export function answerLines({
  kind,
  run,
  results,
  summary: { total },
}: Report): readonly [AnswerLine, ...AnswerLine[]] {
  const [nouns, areRight, areWrong] = SUBJECTS[kind];
  const { right, wrong, skipped } = countVerdicts(results);
  if (total > 0 && results.every(isUnreadable))
    return [{ tone: 'bad', text: `Nothing was replayed. ${NOTHING_READABLE}` }];
  const no: AnswerLine = { tone: 'bad', text: `No: ${wrong} of ${total} ${nouns} ${areWrong}.` };
  const stopped: AnswerLine = {
    tone: 'open',
    text: `Stopped after ${total} ${nouns}: this report is not complete.`,
  };
  if (!run.complete) return wrong > 0 ? [no, stopped] : [stopped];
  if (wrong > 0) return [no];
  if (right === 0) return [{ tone: 'open', text: 'Nothing was proved: no check ran to its end.' }];
  return [{ tone: 'good', text: `Yes: ${right} of ${total - skipped} ${nouns} ${areRight}.` }];
}

/** The same in few words, for a badge or a title: "1228 of 1228 right". */
export function shortAnswer({ run, results, summary: { total } }: Report): AnswerLine {
  const { right, wrong, skipped } = countVerdicts(results);
  if (wrong > 0) return { tone: 'bad', text: `${wrong} of ${total} wrong` };
  if (!run.complete) return { tone: 'open', text: `stopped after ${total}` };
  if (right === 0) return { tone: 'open', text: 'nothing proved' };
  return { tone: 'good', text: `${right} of ${total - skipped} right` };
}

/** "1200 passed, 2 failed, 26 skipped" */
export function countWords({ passed, failed, errored, timedOut, lost, skipped }: Summary): string {
  const named = { failed, errored, 'timed out': timedOut, lost, skipped };
  return [
    `${passed} passed`,
    ...Object.entries(named).flatMap(([name, n]) => (n > 0 ? [`${n} ${name}`] : [])),
  ].join(', ');
}
