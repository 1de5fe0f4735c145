import type { CoveredRow } from '../../catalog/coverage.ts';
import type { Row } from '../../catalog/rows.ts';
import type { CaseResult } from '../../report/schema.ts';
import { verdictOf } from '../../report/verdict.ts';

/**
 * How a row or a clause stands. `partly`: some of its clauses are right, or nothing stands for some
 * of them; `planned`: nothing stands for it.
 */
export type RowState = 'right' | 'wrong' | 'partly' | 'skipped' | 'not-run' | 'planned';

/** From what needs a person's eyes to what is yet to come. */
export const ROW_STATES = [
  'wrong',
  'right',
  'partly',
  'skipped',
  'not-run',
  'planned',
] as const satisfies readonly RowState[];

/** A test of an original suite, with what stands for it here. */
export interface SuiteRow<Subject> {
  readonly id: string;
  readonly row: Row;
  readonly covered: CoveredRow<Subject>;
  /** What its text is searched in. */
  readonly searched: string;
}

/** The rows of a suite on one subject: of `fsdp.training.lora` it is `training`. */
export interface Area<Subject> {
  readonly name: string;
  readonly rows: readonly SuiteRow<Subject>[];
}

/** An original suite: the first part of its rows' ids. */
export interface Suite<Subject> {
  readonly name: string;
  readonly areas: readonly Area<Subject>[];
}

/** The rows with what covers each, in the order of the catalog. */
export function suiteRows<Subject>(
  rows: ReadonlyMap<string, Row>,
  coverage: ReadonlyMap<string, CoveredRow<Subject>>,
): readonly SuiteRow<Subject>[] {
  return Array.from(rows, ([id, row]) => {
    const { origin, asserts, clauses } = row;
    const covered = coverage.get(id) ?? { coverage: 'planned', whole: [], clauses: new Map() };
    const texts = [id, origin.test, origin.words, asserts, ...Object.entries(clauses).flat()];
    return { id, row, covered, searched: texts.join('\n').toLowerCase() };
  });
}

/** The name of the suite that a row is of. */
export function suiteOf(id: string): string {
  return id.split('.')[0] ?? '';
}

/** The rows by suite and area, each in the order of its first row. */
export function bySuite<Subject>(rows: readonly SuiteRow<Subject>[]): readonly Suite<Subject>[] {
  const suites = new Map<string, Map<string, SuiteRow<Subject>[]>>();
  for (const row of rows) {
    const [suite = '', area = ''] = row.id.split('.');
    const areas = suites.get(suite) ?? new Map<string, SuiteRow<Subject>[]>();
    suites.set(suite, areas);
    areas.set(area, [...(areas.get(area) ?? []), row]);
  }
  return Array.from(suites, ([name, areas]) => ({
    name,
    areas: Array.from(areas, ([area, inArea]) => ({ name: area, rows: inArea })),
  }));
}

/** The result of a subject; undefined where it has none. */
export type ResultOf<Subject> = (subject: Subject) => CaseResult | undefined;

/**
 * How what these subjects stand for stands: one that is right suffices, and one that is wrong
 * spoils it. A failure that was expected proves nothing either.
 */
export function stateOfClause<Subject>(
  subjects: readonly Subject[],
  resultOf: ResultOf<Subject>,
): Exclude<RowState, 'partly'> {
  if (subjects.length === 0) return 'planned';
  const verdicts = subjects.flatMap((subject) => {
    const result = resultOf(subject);
    return result ? [verdictOf(result)] : [];
  });
  if (verdicts.includes('wrong') || verdicts.includes('expected')) return 'wrong';
  if (verdicts.includes('right')) return 'right';
  return verdicts.includes('skipped') ? 'skipped' : 'not-run';
}

/** How a row stands: right only where each of its clauses is. */
export function stateOfRow<Subject>(
  { coverage, whole, clauses }: CoveredRow<Subject>,
  resultOf: ResultOf<Subject>,
): RowState {
  if (coverage === 'planned') return 'planned';
  const states = Array.from(clauses.values(), (subjects) =>
    stateOfClause([...whole, ...subjects], resultOf),
  );
  if (states.includes('wrong')) return 'wrong';
  if (states.every((state) => state === 'right')) return 'right';
  if (coverage === 'partly' || states.includes('right')) return 'partly';
  return states.includes('skipped') ? 'skipped' : 'not-run';
}

/** What is shown of the rows; an empty choice is all. */
export interface Shown {
  readonly suite: string;
  readonly state: RowState | '';
  /** Words that must all occur. */
  readonly text: string;
}

/** The rows that are shown, in their order. */
export function findRows<Subject>(
  rows: readonly SuiteRow<Subject>[],
  { suite, state, text }: Shown,
  states: ReadonlyMap<string, RowState>,
): readonly SuiteRow<Subject>[] {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter(
    ({ id, searched }) =>
      (suite === '' || suiteOf(id) === suite) &&
      (state === '' || states.get(id) === state) &&
      wanted.every((word) => searched.includes(word)),
  );
}

/** How many rows stand how; none of those that no row has. */
export function countStates(
  rows: readonly { readonly id: string }[],
  states: ReadonlyMap<string, RowState>,
): readonly (readonly [state: RowState, count: number])[] {
  const all = rows.map(({ id }) => states.get(id));
  return ROW_STATES.map(
    (state) => [state, all.filter((each) => each === state).length] as const,
  ).filter(([, count]) => count > 0);
}
