import { type CoveredRow, rowOf } from '../../catalog/coverage.ts';

/** What covers rows: a case or a test. */
interface Subject {
  readonly id: string;
  readonly covers: readonly string[];
}

/**
 * What sets a list of planned rows, one a line, apart from the rows that nothing covers, and what is
 * covered apart from the rows that there are: a line each, which says what to do.
 */
export function unplanned(
  rows: ReadonlyMap<string, CoveredRow<unknown>>,
  subjects: readonly Subject[],
  { path, text }: { readonly path: string; readonly text: string },
): readonly string[] {
  const listed = new Set(text.split(/\r?\n/).filter((line) => line !== ''));
  const isPlanned = (id: string) => rows.get(id)?.coverage === 'planned';
  const exists = (covered: string) => {
    const row = rows.get(rowOf(covered));
    const [, clause] = covered.split('/');
    return row !== undefined && (clause === undefined || row.clauses.has(clause));
  };
  return [
    ...[...rows.keys()]
      .filter((id) => isPlanned(id) && !listed.has(id))
      .map((id) => `${id}: nothing covers it: write what does, or name it in ${path}`),
    ...[...listed]
      .filter((id) => !isPlanned(id))
      .map((id) => `${path}: ${id} is ${rows.has(id) ? 'covered' : 'no row'}: strike it`),
    ...subjects.flatMap(({ id, covers }) =>
      covers
        .filter((covered) => !exists(covered))
        .map((covered) => `${id}: covers ${covered}, which is not in the catalog: correct it`),
    ),
  ];
}
