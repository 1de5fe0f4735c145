import { rowOf } from '../catalog/coverage.ts';
import { loadRows } from '../catalog/rows.ts';
import type { Report } from './schema.ts';

/**
 * The report with the clauses of each catalog row that one of its results covers in part, so that a
 * reader knows when they are all there.
 */
export async function withRows(report: Report): Promise<Report> {
  const inParts = new Set(
    report.results.flatMap(({ covers }) => covers.filter((id) => id.includes('/')).map(rowOf)),
  );
  if (inParts.size === 0) return report;
  const found = [...(await loadRows())].filter(([id]) => inParts.has(id));
  return {
    ...report,
    rows: Object.fromEntries(found.map(([id, { clauses }]) => [id, Object.keys(clauses)])),
  };
}
