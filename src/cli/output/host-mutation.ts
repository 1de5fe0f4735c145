import { counted } from '../../report/counted.ts';
import { groupBy } from '../../report/group.ts';
import type { CaseResult, Report } from '../../report/schema.ts';
import { folderOf } from '../host-mutation/folders.ts';
import { KILLED } from '../host-mutation/run/outcome.ts';
import { excessesOf, hostCounts } from '../host-mutation/run/verdict.ts';
import { paint, type Voice } from './voice.ts';

/** Counts by folder and by operator, a line with the counts and the rate, and what is too much. */
export function showHostKillRate(voice: Voice, { results, run }: Report, drawn: number): void {
  if (!run.complete) {
    const partial = `Interrupted: the report is partial. Of ${drawn - results.length} of ${counted(drawn, 'mutant')} nothing is known yet: they count as if they had survived.`;
    voice.say(paint(voice, 'yellow', partial));
  }
  const has = (code: string) => (result: CaseResult) =>
    [result.finding?.code, result.error?.code, result.skip?.code].includes(code);
  const count = (code: string) => results.filter(has(code)).length;
  for (const [title, keyOf] of [
    ['folder', folderOfId],
    ['operator', operatorOfId],
  ] as const) {
    voice.say(`by ${title}:`);
    for (const [key, group] of [...groupBy(results, ({ id }) => keyOf(id))].sort())
      voice.say(`  ${key.padEnd(18)} ${ofGroup(group)}`);
  }
  const counts = hostCounts(results);
  const { killed, survived, equivalent, byAccident } = counts;
  const lost = results.filter(({ status }) => status === 'lost').length;
  if (lost > 0) {
    const late = `${counted(lost, 'mutant')} lived at the deadline: they count as if they had survived.`;
    voice.say(paint(voice, 'yellow', late));
  }
  if (killed + survived === 0) {
    voice.say('Nothing was proved: no mutant ran to its end.');
    return;
  }
  const share = byAccident / Math.max(1, killed);
  voice.say(
    `of ${killed} killed ${count(KILLED.assertion)} by an assertion or a refusal, ${count(KILLED.exception)} by another exception, ${count(KILLED.timeout)} by a time limit (these two ${(100 * share).toFixed(0)} %)`,
  );
  const shareEquivalent = ((100 * equivalent) / (killed + survived + equivalent)).toFixed(1);
  const open = drawn - results.length + lost;
  const undecided = open > 0 ? `, ${open} open` : '';
  const line = `${killed} killed, ${survived} survived (${count('not-reached')} of them not reached)${undecided}, ${equivalent} equivalent (${shareEquivalent} % of the valid), ${count('invalid')} invalid`;
  const rate = `killRate ${(killed / (killed + survived + open)).toFixed(4)}`;
  voice.say(
    paint(
      voice,
      survived + open === 0 ? 'green' : 'red',
      `${line}: ${rate} in ${(run.durationMs / 1000).toFixed(1)} s`,
    ),
  );
  for (const excess of excessesOf(counts)) voice.say(paint(voice, 'red', excess));
}

function ofGroup(group: readonly CaseResult[]): string {
  const ended = group.filter(({ status }) => status === 'pass' || status === 'fail').length;
  const killed = group.filter(({ status }) => status === 'pass').length;
  return `${killed} of ${counted(ended, 'mutant')} killed`;
}

/** `mutate.host.src.train.learner:...` */
function folderOfId(id: string): string {
  return folderOf(id.split(':', 1)[0]?.split('.').slice(2).join('/') ?? '');
}

function operatorOfId(id: string): string {
  return /:([a-z-]+);/.exec(id)?.[1] ?? '';
}
