import type { Report } from '../../harness/report/schema.ts';
import { paint, type Voice } from './voice.ts';

/** The answer in plain words, the counts behind it, and where it was found. */
export function showSummary(voice: Voice, report: Report): void {
  const { total, passed, skipped } = report.summary;
  const broken = total - passed - skipped;
  const [environment] = report.environments;
  voice.say('');
  if (!report.run.complete) voice.say(paint(voice, 'yellow', `Interrupted after ${total} cases: this report is not complete.`));
  if (broken > 0) voice.say(paint(voice, 'red', `No: ${broken} of ${total} checks are wrong.`));
  else if (passed === 0) voice.say(paint(voice, 'yellow', 'Nothing was proved: no check ran to its end.'));
  else voice.say(paint(voice, 'green', `Yes: ${passed} of ${total - skipped} checks are right.`));
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
