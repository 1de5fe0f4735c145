import { compareExitCode, compareLines, compareReports } from '../../harness/compare.ts';
import { readReportFile } from '../files.ts';

/** Says how the second report differs from the first; 1 if a case that passed does not pass any more. */
export function compareCommand(a: string, b: string): number {
  const comparison = compareReports(readReportFile(a), readReportFile(b));
  for (const line of compareLines(comparison)) console.log(line);
  return compareExitCode(comparison);
}
