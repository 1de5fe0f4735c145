import type { Report } from '../../harness/report/schema.ts';
import { paint, type Voice } from './voice.ts';

/** The answer in plain words, the counts behind it, and where it was found. */
export function showSummary(voice: Voice, report: Report): void {
  voice.say('');
  for (const line of answer(voice, report)) voice.say(line);
  voice.say(counts(report));
  if (report.environments[0]?.adapter.isFallback) {
    voice.say('The adapter is a processor, not a graphics chip: results count, speed does not.');
  }
}

/** A part of a run says what is wrong, and never yes. */
function answer(voice: Voice, { run, summary: { total, passed, skipped } }: Report): readonly string[] {
  const broken = total - passed - skipped;
  const no = broken > 0 ? [paint(voice, 'red', `No: ${broken} of ${total} checks did not pass.`)] : [];
  if (!run.complete) return [...no, paint(voice, 'yellow', `Stopped after ${total} checks: this report is not complete.`)];
  if (broken > 0) return no;
  if (passed === 0) return [paint(voice, 'yellow', 'Nothing was proved: no check ran to its end.')];
  return [paint(voice, 'green', `Yes: ${passed} of ${total - skipped} checks are right.`)];
}

function counts({ summary, run }: Report): string {
  const { passed, failed, skipped, errored, timedOut, lost } = summary;
  const named = { failed, errored, 'timed out': timedOut, lost, skipped };
  const others = Object.entries(named).flatMap(([name, n]) => (n > 0 ? [`${n} ${name}`] : []));
  return `${[`${passed} passed`, ...others].join(', ')} in ${(run.durationMs / 1000).toFixed(1)} s`;
}
