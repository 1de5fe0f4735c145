import type { Row } from './rows.ts';

/** The row that a case covers, all of it or a clause. */
export function rowOf(covered: string): string {
  return covered.split('/')[0] as string;
}

/** `covered`: something stands for every clause; `partly`: for some; `planned`: for none. */
export type Coverage = 'covered' | 'partly' | 'planned';

/** What covers a row. */
export interface CoveredRow<Subject> {
  readonly coverage: Coverage;
  /** What covers all of it, which stands in none of the clauses' lists. */
  readonly whole: readonly Subject[];
  /** What covers each clause. */
  readonly clauses: ReadonlyMap<string, readonly Subject[]>;
}

/** Finds for every row what covers it. */
export function coverageOf<
  Id extends string,
  Subject extends { readonly covers: readonly string[] },
>(
  rows: ReadonlyMap<Id, Pick<Row, 'clauses'>>,
  subjects: Iterable<Subject>,
): ReadonlyMap<Id, CoveredRow<Subject>> {
  const found = new Map<string, Subject[]>();
  for (const subject of subjects)
    for (const covered of subject.covers)
      found.set(covered, [...(found.get(covered) ?? []), subject]);
  return new Map(
    Array.from(rows, ([id, { clauses }]) => {
      const whole = found.get(id) ?? [];
      const byClause = new Map(
        Object.keys(clauses).map((name) => [name, found.get(`${id}/${name}`) ?? []]),
      );
      const counts = [...byClause.values()].map(({ length }) => length);
      const coverage =
        whole.length > 0 || counts.every((count) => count > 0)
          ? 'covered'
          : counts.some((count) => count > 0)
            ? 'partly'
            : 'planned';
      return [id, { coverage, whole, clauses: byClause }];
    }),
  );
}
