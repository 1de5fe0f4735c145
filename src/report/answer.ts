import { counted } from './counted.ts';
import type { Report, Summary } from './schema.ts';
import { type TrainingAnswer, trainingAnswer } from './training-answer.ts';
import { countVerdicts, isUnreadable, NOTHING_READABLE } from './verdict.ts';

/**
 * The answer that a report gives in a sentence: `good` only where something passed, nothing is
 * wrong and nothing is missing.
 */
export interface AnswerLine {
  readonly tone: 'good' | 'bad' | 'open';
  readonly text: string;
}

/** What a report is about, and what is said of one and of several. */
interface Subject {
  readonly noun: string;
  readonly right: readonly [one: string, several: string];
  readonly wrong: readonly [one: string, several: string];
}

const SUBJECTS: Readonly<Record<Report['kind'], Subject>> = {
  run: { noun: 'check', right: ['is right', 'are right'], wrong: ['did not pass', 'did not pass'] },
  bench: {
    noun: 'measurement',
    right: ['counts, because its result is right', 'count, because their results are right'],
    wrong: ['did not pass', 'did not pass'],
  },
  mutate: {
    noun: 'mutant',
    right: ['was noticed', 'were noticed'],
    wrong: ['was not noticed', 'were not noticed'],
  },
  train: {
    noun: 'fine-tuning',
    right: ['is right', 'are right'],
    wrong: ['did not pass', 'did not pass'],
  },
  test: { noun: 'test', right: ['passed', 'passed'], wrong: ['did not pass', 'did not pass'] },
};

/** What tells a whole answer in colour, for a line of one. */
const TONES: Readonly<Record<TrainingAnswer['tone'], AnswerLine['tone']>> = {
  good: 'good',
  warn: 'good',
  bad: 'bad',
  none: 'open',
};

/**
 * The answer, one or two lines. What was stopped, a chosen part of the checks and recordings say what
 * is wrong, and never yes: as on the page, only a whole run answers the question.
 */
export function answerLines(report: Report): readonly [AnswerLine, ...AnswerLine[]] {
  const { kind, run, results } = report;
  const { total } = report.summary;
  if (kind === 'train' && total <= 1) {
    const { tone, headline } = trainingAnswer(report);
    return [{ tone: TONES[tone], text: headline }];
  }
  const { noun, right: rights, wrong: wrongs } = SUBJECTS[kind];
  const of = (some: number, all: number, [one, several]: Subject['right']) =>
    `${some} of ${counted(all, noun)} ${all === 1 ? one : several}.`;
  const { right, wrong, skipped } = countVerdicts(results);
  if (total > 0 && results.every(isUnreadable))
    return [{ tone: 'bad', text: `Nothing was replayed. ${NOTHING_READABLE}` }];
  const no: AnswerLine = { tone: 'bad', text: `No: ${of(wrong, total, wrongs)}` };
  const stopped: AnswerLine = {
    tone: 'open',
    text: `Stopped after ${counted(total, noun)}: this report is not complete.`,
  };
  if (!run.complete) return wrong > 0 ? [no, stopped] : [stopped];
  if (wrong > 0) return [no];
  if (right === 0) return [{ tone: 'open', text: 'Nothing was proved: no check ran to its end.' }];
  return [{ tone: 'good', text: `${yes(report)}${of(right, total - skipped, rights)}` }];
}

function yes({ kind, run, results, environments }: Report): string {
  if (kind !== 'run') return 'Yes: ';
  const isPart = run.filters.length > 0 || run.shard !== '1/1';
  if (isPart || results.every(({ suite }) => suite.startsWith('parity.'))) return '';
  return environments.some(({ adapter }) => adapter.isFallback) ? 'Yes, but slowly: ' : 'Yes: ';
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
