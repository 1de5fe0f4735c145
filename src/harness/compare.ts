import { plainText } from './report/plain-text.ts';
import type { CaseResult, Report, Status } from './report/schema.ts';

/** A case whose verdict differs; `missing` where one report lacks it. */
export interface VerdictChange {
  readonly id: string;
  readonly backend: string;
  readonly before: Status | 'missing';
  readonly after: Status | 'missing';
  /** The reason that the second report gives, or an empty text. */
  readonly reason: string;
}

/** A case that passes in both and uses another share of its bound. */
export interface AccuracyChange {
  readonly id: string;
  readonly backend: string;
  readonly before: number;
  readonly after: number;
}

/** How report B differs from report A. Lists are in plan order; `accuracy` has the largest growth first. */
export interface Comparison {
  /** Passed in A and do not pass in B; a case that B lacks does not pass. */
  readonly regressions: readonly VerdictChange[];
  /** Did not pass in A and pass in B. */
  readonly fixed: readonly VerdictChange[];
  /** Are only in B. */
  readonly added: readonly VerdictChange[];
  readonly accuracy: readonly AccuracyChange[];
  /** Pass in both. */
  readonly stillPassing: number;
}

/** Compares two reports case by case, by id and backend. */
export function compareReports(a: Report, b: Report): Comparison {
  const [before, after] = [byCase(a), byCase(b)];
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  const changes = keys.map((key) => changeOf(key, before.get(key), after.get(key)));
  const stillPassing = changes.filter((change) => change.before === 'pass' && change.after === 'pass');
  return {
    regressions: changes.filter((change) => change.before === 'pass' && change.after !== 'pass'),
    fixed: changes.filter((change) => change.before !== 'pass' && change.before !== 'missing' && change.after === 'pass'),
    added: changes.filter((change) => change.before === 'missing'),
    accuracy: stillPassing
      .flatMap(({ id, backend }) => accuracyChange(id, backend, before.get(`${id} ${backend}`), after.get(`${id} ${backend}`)))
      .sort((x, y) => growth(y) - growth(x)),
    stillPassing: stillPassing.length,
  };
}

/** Exit status of `compare`: 1 if anything regressed. */
export function compareExitCode({ regressions }: Comparison): 0 | 1 {
  return regressions.length > 0 ? 1 : 0;
}

/** How many accuracy changes are listed one by one. */
const SHOWN = 10;

/** The comparison for a terminal, one line a finding, the verdict last. */
export function compareLines({ regressions, fixed, added, accuracy, stillPassing }: Comparison): readonly string[] {
  const verdict = (word: string) => (change: VerdictChange) =>
    `${word.padEnd(10)} ${change.id} ${change.backend}: ${change.before} -> ${change.after}${change.reason ? ` (${change.reason})` : ''}`;
  const share = (x: number) => `${(100 * x).toPrecision(3)} %`;
  const lines = [
    ...regressions.map(verdict('regression')),
    ...fixed.map(verdict('fixed')),
    ...added.map(verdict('new')),
    ...accuracy
      .slice(0, SHOWN)
      .map(({ id, backend, before, after }) => `accuracy   ${id} ${backend}: ${share(before)} -> ${share(after)} of the bound`),
    ...(accuracy.length > SHOWN ? [`accuracy   ${accuracy.length - SHOWN} more changed less`] : []),
    `${regressions.length} regressions, ${fixed.length} fixed, ${added.length} new, ${stillPassing} still pass, ${accuracy.length} with another accuracy`,
  ];
  return lines.map((line) => plainText(line));
}

/** A case that ran in several environments passes only if it passes in all: the result that does not stands for it. */
function byCase({ results }: Report): ReadonlyMap<string, CaseResult> {
  const cases = new Map<string, CaseResult>();
  for (const result of results) {
    const key = `${result.id} ${result.backend}`;
    if (!cases.has(key) || result.status !== 'pass') cases.set(key, result);
  }
  return cases;
}

function changeOf(key: string, before: CaseResult | undefined, after: CaseResult | undefined): VerdictChange {
  const [id = key, backend = ''] = key.split(' ');
  const reason = after ? (after.error?.message ?? after.skip?.detail ?? '') : '';
  return { id, backend, before: before?.status ?? 'missing', after: after?.status ?? 'missing', reason };
}

function accuracyChange(id: string, backend: string, a: CaseResult | undefined, b: CaseResult | undefined): AccuracyChange[] {
  const [before, after] = [a?.accuracy?.boundUsed ?? null, b?.accuracy?.boundUsed ?? null];
  return before === null || after === null || before === after ? [] : [{ id, backend, before, after }];
}

/** In units of the bound, so that noise near zero does not come first. */
function growth({ before, after }: AccuracyChange): number {
  return after - before;
}
