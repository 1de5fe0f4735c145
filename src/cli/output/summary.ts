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
  const { total } = report.summary;
  const { right, wrong, skipped, expected } = countVerdicts(report.results);
  const green = report.results.filter(({ control }) => control?.status === 'green').length;
  const [environment] = report.environments;
  voice.say('');
  if (!report.run.complete) voice.say(paint(voice, 'yellow', `Interrupted after ${total} cases: this report is not complete.`));
  if (wrong > 0) voice.say(paint(voice, 'red', `No: ${wrong} of ${total} checks are wrong.`));
  else if (right === 0) voice.say(paint(voice, 'yellow', 'Nothing was proved: no check ran to its end.'));
  else voice.say(paint(voice, 'green', `Yes: ${right} of ${total - skipped} checks are right.`));
  if (green > 0) voice.say(`${green} did not fail under the fault that is named to make them fail, so they prove nothing.`);
  if (expected > 0) voice.say(`${expected} failed as the expectations say.`);
  for (const [code, words] of Object.entries(REMARKS)) {
    const found = report.results.filter(({ finding }) => finding?.code === code);
    if (found.length > 0) voice.say(`${found.length} ${words}: ${found.map(({ id }) => id).join(', ')}`);
  }
  voice.say(counts(report));
  if (environment?.adapter.isFallback) {
    voice.say('The adapter is a processor, not a graphics chip: results count, speed does not.');
  }
}

function counts({ summary, run }: Report): string {
  const { passed, failed, skipped, errored, timedOut, lost } = summary;
  const named = { failed, errored, 'timed out': timedOut, lost, skipped };
  const others = Object.entries(named).flatMap(([name, n]) => (n > 0 ? [`${n} ${name}`] : []));
  return `${[`${passed} passed`, ...others].join(', ')} in ${(run.durationMs / 1000).toFixed(1)} s`;
}
