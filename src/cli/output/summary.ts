import { answerLines, countWords } from '../../report/answer.ts';
import { type Headline, headlineWords } from '../../report/headlines.ts';
import { placesWords } from '../../report/place.ts';
import { plainText } from '../../report/plain-text.ts';
import type { Report } from '../../report/schema.ts';
import { countVerdicts, FINDINGS } from '../../report/verdict.ts';
import { worthOfRecordings, worthWords } from '../../report/worth.ts';
import { paint, type Voice } from './voice.ts';

/** Findings that ask for an action. */
const REMARKS = {
  [FINDINGS.unexpectedPass]: 'passed against the expectations, which can go',
  [FINDINGS.expired]: 'failed after the expectation of it had expired',
  [FINDINGS.flaky]: 'passed only when tried again',
};

const PAINTS = { good: 'green', bad: 'red', open: 'yellow' } as const;

/** The answer in plain words, the counts behind it, and where it was found. */
export function showSummary(
  voice: Voice,
  report: Report,
  headlines: readonly Headline[] = [],
): void {
  const answer = answerLines(report).map(({ tone, text }) => paint(voice, PAINTS[tone], text));
  for (const line of [...answer, ...headlines.flatMap(linesOfLibrary), ...remarks(report)])
    voice.say(line);
  const { summary, run, environments } = report;
  const where = environments.length > 0 ? ` on ${plainText(placesWords(environments))}` : '';
  voice.say(`${countWords(summary)} in ${(run.durationMs / 1000).toFixed(1)} s${where}`);
  if (environments.some(({ adapter }) => adapter.isFallback))
    voice.say(
      paint(voice, 'yellow', 'Software rendering, no GPU in use: results count, speed does not.'),
    );
}

/** How a library did, and each place where its own value is off. */
function linesOfLibrary(headline: Headline): readonly string[] {
  const deviating = headline.deviating.map(
    ({ id, finding }) => `  ${id}: ${plainText(finding?.message ?? '')}`,
  );
  return [headlineWords(headline), ...deviating];
}

/** What the reader has to act on or to know besides the answer. */
function remarks({ results }: Report): readonly string[] {
  const tried = results.filter(({ control }) => control && control.status !== 'not-run');
  const green = tried.filter(({ control }) => control?.status === 'green').length;
  const { expected } = countVerdicts(results);
  const worth = worthOfRecordings(results);
  return [
    ...(worth.length > 0 ? [worthWords(worth)] : []),
    ...(tried.length > 0
      ? [
          `${tried.length - green} of ${tried.length} failed under the fault that is named to make them fail, as they must.`,
        ]
      : []),
    ...(green > 0
      ? [
          `${green} did not fail under the fault that is named to make them fail, so they prove nothing.`,
        ]
      : []),
    ...(expected > 0 ? [`${expected} failed as the expectations say.`] : []),
    ...Object.entries(REMARKS).flatMap(([code, words]) => {
      const found = results.filter(({ finding }) => finding?.code === code);
      return found.length > 0
        ? [`${found.length} ${words}: ${found.map(({ id }) => id).join(', ')}`]
        : [];
    }),
  ];
}
