import { groupBy } from '../report/group.ts';
import type { CaseResult } from '../report/schema.ts';
import { CONTENDERS } from './contender.ts';

/** Why something was not timed, with all that the same is true of. */
export interface LeftOut {
  /** `setting` where other settings of the contender were timed, else the status of the works. */
  readonly what: 'setting' | CaseResult['status'];
  /** In the order in which contenders are shown. */
  readonly backends: readonly string[];
  /** None where no setting was timed. */
  readonly settings: readonly string[];
  /** In the words of the first work; `…` stands for the op where that alone differs. */
  readonly reason: string;
  readonly ids: readonly string[];
}

interface Absence {
  readonly what: LeftOut['what'];
  readonly id: string;
  readonly backend: string;
  readonly setting?: string;
  readonly reason: string;
}

/** What stands before each setting in the finding of a result. */
export const NOT_TIMED = 'not timed: ';

/** What of a bench has no time, a reason each: first what is wrong, and of most works. */
export function leftOut(results: readonly CaseResult[]): readonly LeftOut[] {
  const absences = results.flatMap((result) => [...ofWork(result), ...ofSettings(result)]);
  const groups = groupBy(absences, (one) => `${one.what} ${alike(one)}`);
  return [...groups.values()].map(together).toSorted(byWeight);
}

function ofWork({ id, backend, status, error, skip }: CaseResult): readonly Absence[] {
  const reason = error?.message ?? skip?.detail;
  return reason === undefined ? [] : [{ what: status, id, backend, reason }];
}

function ofSettings({ id, backend, finding }: CaseResult): readonly Absence[] {
  const [, ...told] = finding?.message.split(NOT_TIMED) ?? [];
  return told.map((text) => {
    const [setting = '', ...reason] = text.replace(/; $/, '').split(': ');
    return { what: 'setting', id, backend, setting, reason: reason.join(': ') };
  });
}

function together(all: readonly [Absence, ...Absence[]]): LeftOut {
  const [first] = all;
  const told = distinct(all.map(({ reason }) => reason));
  const ofOps = distinct(all.map(withoutOp));
  return {
    what: first.what,
    backends: distinct(all.map(({ backend }) => backend)).toSorted(byPlace),
    settings: distinct(all.flatMap(({ setting }) => setting ?? [])),
    reason: told.length > 1 && ofOps.length === 1 ? withoutOp(first) : first.reason,
    ids: distinct(all.map(({ id }) => id)),
  };
}

/** A reason without the name of the op, as far as that is a word of it. */
function withoutOp({ id, reason }: Absence): string {
  const op = id.replace(/^bench\.|:.*$/g, '');
  return reason
    .split(/(\w+)/)
    .map((word) => (word === op ? '…' : word))
    .join('');
}

/** The same for reasons that differ in numbers or the op alone. */
const alike = (absence: Absence) => withoutOp(absence).replace(/-?\d[\d.e+-]*/g, '0');

const distinct = (texts: readonly string[]) => [...new Set(texts)];

const placeOf = (backend: string) => (CONTENDERS as readonly string[]).indexOf(backend);
const byPlace = (a: string, b: string) => placeOf(a) - placeOf(b);

const RANKS: readonly LeftOut['what'][] = ['lost', 'error', 'timeout', 'fail', 'setting', 'skip'];

function byWeight(a: LeftOut, b: LeftOut): number {
  return RANKS.indexOf(a.what) - RANKS.indexOf(b.what) || b.ids.length - a.ids.length;
}
