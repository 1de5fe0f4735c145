import type { Report, Summary } from '../../harness/report/schema.ts';
import { verdictOf } from '../../harness/report/verdict.ts';
import { durationWords, plural } from './words.ts';

/** The verdict of a run in plain words. `good` is said only of something that passed, with nothing wrong and nothing missing. */
export interface Answer {
  readonly tone: 'good' | 'bad' | 'warn' | 'none';
  readonly headline: string;
  readonly sentences: readonly string[];
}

/** What was run: the plan's cases, recordings that were dropped, or fine-tuning. */
export type Subject = 'plan' | 'recordings' | 'trainings';

const NOUNS: Readonly<Record<Subject, string>> = { plan: 'check', recordings: 'recording', trainings: 'fine-tuning run' };

/** What an answer needs of a report; a share link carries no more. */
export interface AnswerFacts {
  readonly summary: Summary;
  readonly complete: boolean;
  readonly isFallback: boolean;
  /** The whole plan's quick tier or more, not a part that somebody chose. */
  readonly whole: boolean;
  readonly subject: Subject;
  readonly durationMs?: number;
  /** Names of the parts in which something is wrong. */
  readonly wrongIn: readonly string[];
  /** Checks that passed and passed again under the fault that must make them fail; a share link does not tell. */
  readonly unproved?: number;
  /** Recorded values that the other library got wrong. */
  readonly deviations: number;
}

/** The facts of a finished report. */
export function factsOfReport(report: Report, subject: Subject): AnswerFacts {
  const wrong = report.results.filter((result) => verdictOf(result) === 'wrong');
  return {
    summary: report.summary,
    complete: report.run.complete,
    isFallback: report.environments.some(({ adapter }) => adapter.isFallback),
    whole: report.run.filters.length === 0 && report.run.shard === '1/1',
    subject,
    durationMs: report.run.durationMs,
    wrongIn: [...new Set(wrong.map(({ suite }) => partName(suite)))],
    unproved: wrong.filter(({ status }) => status === 'pass').length,
    deviations: report.results.filter(({ finding }) => finding?.code === 'producer-deviates').length,
  };
}

/** "quantize 4bit" for `ops.quant.quantize_4bit`: ids are for the details. */
export function partName(suite: string): string {
  return (suite.split('.').at(-1) ?? suite).replaceAll(/[_-]/g, ' ');
}

/** The answer to the page's question, or to the smaller one that was asked. */
export function answer(facts: AnswerFacts): Answer {
  const { summary, complete } = facts;
  const noun = NOUNS[facts.subject];
  const judged = summary.total - summary.skipped;
  const unproved = facts.unproved ?? 0;
  const wrong = judged - summary.passed + unproved;
  if (!complete && wrong === 0) return stopped(facts, noun);
  if (judged === 0 || summary.passed + wrong === 0) return nothingProved(facts, noun);
  if (wrong > 0) return wrongAnswer(facts, wrong, judged, noun);
  return rightAnswer(facts, judged, noun);
}

function rightAnswer(facts: AnswerFacts, judged: number, noun: string): Answer {
  const fraction = `${judged.toLocaleString('en')} of ${plural(judged, noun)} ${judged === 1 ? 'is' : 'are'} right`;
  const question = facts.whole && facts.subject === 'plan';
  const sentences = [...tookSentence(facts), ...skippedSentence(facts, noun), ...deviationSentence(facts)];
  if (facts.isFallback) {
    const headline = question ? `Yes, but slowly: ${fraction}.` : `${fraction}, on the processor.`;
    return { tone: 'warn', headline, sentences: ['The graphics chip was not in use: results are right, but slow.', ...sentences] };
  }
  return { tone: facts.deviations > 0 ? 'warn' : 'good', headline: question ? `Yes: ${fraction}.` : `${fraction}.`, sentences };
}

function wrongAnswer(facts: AnswerFacts, wrong: number, judged: number, noun: string): Answer {
  const { timedOut, lost, errored } = facts.summary;
  const fraction = `${wrong.toLocaleString('en')} of ${plural(judged, noun)}`;
  const broke = timedOut + lost + errored;
  const headline =
    broke === wrong ? `${fraction} could not be finished.` : `${fraction} ${wrong === 1 ? 'is' : 'are'} wrong or could not be finished.`;
  const exact = broke === 0 ? `${fraction} ${wrong === 1 ? 'is' : 'are'} wrong.` : headline;
  const question = facts.whole && facts.subject === 'plan' && facts.complete;
  const parts = facts.wrongIn.slice(0, 4).join(', ') + (facts.wrongIn.length > 4 ? ` and ${facts.wrongIn.length - 4} more` : '');
  return {
    tone: 'bad',
    headline: question ? `No: ${exact}` : exact,
    sentences: [
      ...(facts.wrongIn.length > 0 ? [`Look at ${parts}: the details say which number is wrong, and by how much.`] : []),
      ...unprovedSentence(facts, noun),
      ...(facts.complete ? [] : ['The run was stopped before its end.']),
      ...skippedSentence(facts, noun),
      ...deviationSentence(facts),
    ],
  };
}

function stopped({ summary }: AnswerFacts, noun: string): Answer {
  const headline =
    summary.passed === 0 ? `Stopped before the first ${noun} ended.` : `Stopped after ${plural(summary.passed, noun)}, all right so far.`;
  return { tone: 'none', headline, sentences: ['Nothing is concluded from a part. Run again for the answer.'] };
}

function nothingProved({ summary }: AnswerFacts, noun: string): Answer {
  const headline = summary.total === 0 ? `There was nothing to run.` : `Nothing was proved: ${plural(summary.skipped, noun)} skipped.`;
  return { tone: 'warn', headline, sentences: ['The details say why each was skipped.'] };
}

function tookSentence({ durationMs }: AnswerFacts): string[] {
  return durationMs === undefined ? [] : [`It took ${durationWords(durationMs)}.`];
}

function skippedSentence({ summary: { skipped } }: AnswerFacts, noun: string): string[] {
  return skipped === 0 ? [] : [`${plural(skipped, noun)} could not run and ${skipped === 1 ? 'was' : 'were'} skipped.`];
}

function unprovedSentence({ unproved = 0 }: AnswerFacts, noun: string): string[] {
  if (unproved === 0) return [];
  return [
    `${plural(unproved, noun)} passed even with the fault that was planted to make ${unproved === 1 ? 'it' : 'them'} fail: that proves nothing.`,
  ];
}

function deviationSentence({ deviations }: AnswerFacts): string[] {
  if (deviations === 0) return [];
  return [
    `${plural(deviations, 'recording')} ${deviations === 1 ? 'holds a value' : 'hold values'} that the recording library itself got wrong; ours ${deviations === 1 ? 'is' : 'are'} right.`,
  ];
}
