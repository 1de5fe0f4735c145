import type { Report } from '../../harness/report/schema.ts';
import { countVerdicts, FINDINGS } from '../../harness/report/verdict.ts';
import { paint, type Voice } from './voice.ts';

/** Findings that somebody has to act on. */
const REMARKS = {
  [FINDINGS.unexpectedPass]: 'passed against the expectations, which can go',
  [FINDINGS.expired]: 'failed after the expectation of it had expired',
  [FINDINGS.flaky]: 'passed only when tried again',
};

/** The answer in plain words, the counts behind it, and where it was found. */
export function showSummary(voice: Voice, report: Report): void {
  voice.say('');
  for (const line of [...answer(voice, report), ...remarks(report)]) voice.say(line);
  voice.say(counts(report));
  if (report.environments[0]?.adapter.isFallback) {
    voice.say('The adapter is a processor, not a graphics chip: results count, speed does not.');
  }
}

/** A part of a run says what is wrong, and never yes. */
function answer(voice: Voice, { run, results, summary: { total } }: Report): readonly string[] {
  const { right, wrong, skipped } = countVerdicts(results);
  const no = wrong > 0 ? [paint(voice, 'red', `No: ${wrong} of ${total} checks did not pass.`)] : [];
  if (!run.complete) return [...no, paint(voice, 'yellow', `Stopped after ${total} checks: this report is not complete.`)];
  if (wrong > 0) return no;
  if (right === 0) return [paint(voice, 'yellow', 'Nothing was proved: no check ran to its end.')];
  return [paint(voice, 'green', `Yes: ${right} of ${total - skipped} checks are right.`)];
}

/** What somebody has to act on or to know beside the answer. */
function remarks({ results }: Report): readonly string[] {
  const green = results.filter(({ control }) => control?.status === 'green').length;
  const { expected } = countVerdicts(results);
  return [
    ...(green > 0 ? [`${green} did not fail under the fault that is named to make them fail, so they prove nothing.`] : []),
    ...(expected > 0 ? [`${expected} failed as the expectations say.`] : []),
    ...Object.entries(REMARKS).flatMap(([code, words]) => {
      const found = results.filter(({ finding }) => finding?.code === code);
      return found.length > 0 ? [`${found.length} ${words}: ${found.map(({ id }) => id).join(', ')}`] : [];
    }),
  ];
}

function counts({ summary, run }: Report): string {
  const { passed, failed, skipped, errored, timedOut, lost } = summary;
  const named = { failed, errored, 'timed out': timedOut, lost, skipped };
  const others = Object.entries(named).flatMap(([name, n]) => (n > 0 ? [`${n} ${name}`] : []));
  return `${[`${passed} passed`, ...others].join(', ')} in ${(run.durationMs / 1000).toFixed(1)} s`;
}
