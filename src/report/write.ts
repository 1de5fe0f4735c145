import type { Report } from './schema.ts';
import { validateReport } from './validate.ts';

/**
 * The text of a report file. Throws ReportError when the report breaks the schema or contradicts
 * itself.
 */
export function writeReport(report: Report): string {
  return `${JSON.stringify(validateReport(report, `report ${report.run.id}`), null, 1)}\n`;
}
