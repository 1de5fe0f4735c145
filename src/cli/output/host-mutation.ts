import { counted } from '../../report/counted.ts';
import { groupBy } from '../../report/group.ts';
import type { CaseResult, Report } from '../../report/schema.ts';
import { folderOf } from '../host-mutation/folders.ts';
import { KILLED } from '../host-mutation/run/outcome.ts';
import { paint, type Voice } from './voice.ts';

/** Of the killed at most this share may have ended in exceptions and time limits. */
const MOST_BY_ACCIDENT = 1 / 3;

/** Counts by folder and by operator, then one line with the counts and the rate. */
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
  const killed = results.filter(({ status }) => status === 'pass').length;
  const survived = results.filter(({ status }) => status === 'fail').length;
  const lost = results.filter(({ status }) => status === 'lost').length;
  if (lost > 0) {
    const late = `${counted(lost, 'mutant')} lived at the deadline: they count as if they had survived.`;
    voice.say(paint(voice, 'yellow', late));
  }
  if (killed + survived === 0) {
    voice.say('Nothing was proved: no mutant ran to its end.');
    return;
  }
  const byAccident = count(KILLED.exception) + count(KILLED.timeout);
  const share = byAccident / Math.max(1, killed);
  voice.say(
    paint(
      voice,
      share <= MOST_BY_ACCIDENT ? 'green' : 'yellow',
      `of ${killed} killed ${count(KILLED.assertion)} by an assertion or a refusal, ${count(KILLED.exception)} by another exception, ${count(KILLED.timeout)} by a time limit (these two ${(100 * share).toFixed(0)} %)`,
    ),
  );
  const equivalent = count('equivalent');
  const argued = ((100 * equivalent) / (killed + survived + equivalent)).toFixed(1);
  const open = drawn - results.length + lost;
  const undecided = open > 0 ? `, ${open} open` : '';
  const counts = `${killed} killed, ${survived} survived (${count('not-reached')} of them not reached)${undecided}, ${equivalent} equivalent (${argued} % of the valid), ${count('invalid')} invalid`;
  const rate = `killRate ${(killed / (killed + survived + open)).toFixed(4)}`;
  voice.say(
    paint(
      voice,
      survived + open === 0 ? 'green' : 'red',
      `${counts}: ${rate} in ${(run.durationMs / 1000).toFixed(1)} s`,
    ),
  );
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
