import type { Report, Summary } from '../../report/schema.ts';
import { FINDINGS, isUnreadable, verdictOf } from '../../report/verdict.ts';
import { type Counted, replayedIn, type Subject } from '../app/subject.ts';
import { answerWords } from './answer.en.ts';

/**
 * The verdict of a run in plain words. `good` is said only of something that passed, with nothing
 * wrong and nothing missing.
 */
export interface Answer {
  readonly tone: 'good' | 'bad' | 'warn' | 'none';
  readonly headline: string;
  readonly sentences: readonly string[];
}

/** What an answer needs of a report; a share link carries no more. */
export interface AnswerFacts {
  readonly summary: Summary;
  readonly complete: boolean;
  readonly isFallback: boolean;
  /** The whole plan's quick tier or more, not a chosen part. */
  readonly whole: boolean;
  readonly subject: Counted;
  readonly durationMs?: number;
  /** Names of the parts in which something is wrong. */
  readonly wrongIn: readonly string[];
  /**
   * Checks that passed and passed again under the fault that must make them fail; a share link does
   * not tell.
   */
  readonly unproved?: number;
  /** Recorded values that the other library got wrong. */
  readonly deviations: number;
  /** Recordings that agree by a bound that would let errors pass; a share link does not tell. */
  readonly loose?: number;
  /**
   * Failures that are known, which are not wrong, and passes where a failure is known; a share link
   * does not tell.
   */
  readonly expected?: number;
  readonly unexpected?: number;
  /** Recordings that cannot be read; a share link does not tell. */
  readonly unreadable?: number;
  /** Told by a share link: there are no details to look at. */
  readonly linked?: true;
}

/** The facts of a finished report. */
export function factsOfReport(report: Report, subject: Subject): AnswerFacts {
  const wrong = report.results.filter((result) => verdictOf(result) === 'wrong');
  return {
    summary: report.summary,
    complete: report.run.complete,
    isFallback: report.environments.some(({ adapter }) => adapter.isFallback),
    whole: report.run.filters.length === 0 && report.run.shard === '1/1',
    subject: subject === 'recordings' ? replayedIn(report.results) : subject,
    durationMs: report.run.durationMs,
    wrongIn: [...new Set(wrong.map(({ suite }) => partName(suite)))],
    unproved: wrong.filter(({ status }) => status === 'pass').length,
    deviations: report.results.filter(({ finding }) => finding?.code === 'producer-deviates')
      .length,
    loose: report.results.filter(({ finding }) => finding?.code === 'loose-bound').length,
    expected: report.results.filter((result) => verdictOf(result) === 'expected').length,
    unexpected: report.results.filter(({ finding }) => finding?.code === FINDINGS.unexpectedPass)
      .length,
    unreadable: report.results.filter(isUnreadable).length,
  };
}

/** "quantize 4bit" for `ops.quant.quantize_4bit`: ids are for the details. */
export function partName(suite: string): string {
  return (suite.split('.').at(-1) ?? suite).replaceAll(/[_-]/g, ' ');
}

/** Parts that a sentence names; more are counted. */
const MOST_PARTS = 4;

/** The answer to the page's question, or to the smaller one that was asked. */
export function answer(facts: AnswerFacts): Answer {
  const { summary, complete } = facts;
  const judged = summary.total - summary.skipped;
  const unproved = facts.unproved ?? 0;
  const wrong = judged - summary.passed + unproved - (facts.expected ?? 0);
  if (summary.total > 0 && facts.unreadable === summary.total) return unreadable();
  if (!complete && wrong === 0) return stopped(facts);
  if (judged === 0 || summary.passed + wrong === 0) return nothingProved(facts);
  if (wrong > 0) return wrongAnswer(facts, wrong, judged);
  return rightAnswer(facts, summary.passed, judged);
}

function unreadable(): Answer {
  const { nothingReplayed, nothingReadable } = answerWords();
  return { tone: 'bad', headline: nothingReplayed, sentences: [nothingReadable] };
}

function rightAnswer(facts: AnswerFacts, right: number, judged: number): Answer {
  const words = answerWords();
  const fraction = words.right(right, judged, facts.subject);
  const question = facts.whole && facts.subject === 'plan';
  const { durationMs } = facts;
  const sentences = [
    ...(durationMs === undefined ? [] : [words.took(durationMs)]),
    ...knownSentences(facts),
    ...skippedSentence(facts),
    ...deviationSentence(facts),
  ];
  if (facts.isFallback) {
    const headline = question ? words.yesSlowly(fraction) : words.onProcessor(fraction);
    return { tone: 'warn', headline, sentences: [words.slow, ...sentences] };
  }
  const remarkable =
    facts.deviations + (facts.loose ?? 0) > 0 ||
    (facts.expected ?? 0) > 0 ||
    (facts.unexpected ?? 0) > 0;
  return {
    tone: remarkable ? 'warn' : 'good',
    headline: question ? words.yes(fraction) : words.plain(fraction),
    sentences,
  };
}

function wrongAnswer(facts: AnswerFacts, wrong: number, judged: number): Answer {
  const words = answerWords();
  const { timedOut, lost, errored } = facts.summary;
  const broke = timedOut + lost + errored;
  const say = broke === wrong ? words.broke : broke === 0 ? words.wrong : words.wrongOrBroke;
  const fraction = say(wrong, judged, facts.subject);
  const question = facts.whole && facts.subject === 'plan' && facts.complete;
  const { wrongIn, linked } = facts;
  const where = linked ? words.wrongIn : words.look;
  return {
    tone: 'bad',
    headline: question ? words.no(fraction) : words.plain(fraction),
    sentences: [
      ...(wrongIn.length > 0
        ? [where(wrongIn.slice(0, MOST_PARTS), Math.max(0, wrongIn.length - MOST_PARTS))]
        : []),
      ...unprovedSentence(facts),
      ...knownSentences(facts),
      ...(facts.complete ? [] : [words.cutShort]),
      ...skippedSentence(facts),
      ...deviationSentence(facts),
    ],
  };
}

function stopped({ summary: { passed }, subject }: AnswerFacts): Answer {
  const words = answerWords();
  const headline =
    passed === 0 ? words.stoppedBefore(subject) : words.stoppedAfter(passed, subject);
  return { tone: 'none', headline, sentences: [words.noConclusion] };
}

function nothingProved(facts: AnswerFacts): Answer {
  const words = answerWords();
  const { total, skipped } = facts.summary;
  if (total === 0) return { tone: 'warn', headline: words.nothingToRun, sentences: [] };
  if (skipped < total)
    return { tone: 'warn', headline: words.nothingProved, sentences: knownSentences(facts) };
  return {
    tone: 'warn',
    headline: words.allSkipped(skipped, facts.subject),
    sentences: facts.linked ? [] : [words.whySkipped],
  };
}

function knownSentences({ expected = 0, unexpected = 0, subject }: AnswerFacts): string[] {
  const words = answerWords();
  return [
    ...(expected > 0 ? [words.expected(expected, subject)] : []),
    ...(unexpected > 0 ? [words.unexpected(unexpected, subject)] : []),
  ];
}

function skippedSentence({ summary: { skipped }, subject }: AnswerFacts): string[] {
  return skipped === 0 ? [] : [answerWords().skipped(skipped, subject)];
}

function unprovedSentence({ unproved = 0, subject }: AnswerFacts): string[] {
  return unproved === 0 ? [] : [answerWords().unproved(unproved, subject)];
}

function deviationSentence({ deviations, loose = 0 }: AnswerFacts): string[] {
  const words = answerWords();
  return [
    ...(deviations === 0 ? [] : [words.deviations(deviations)]),
    ...(loose === 0 ? [] : [words.loose(loose)]),
  ];
}
