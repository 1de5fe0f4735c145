import { compareSnapshots } from '../../report/compare/compare.ts';
import { compareExitCode, compareLines } from '../../report/compare/lines.ts';
import { snapshotOfReport } from '../../report/compare/snapshot.ts';
import { readReportFile } from '../files.ts';

/**
 * Says how the second report differs from the first; 1 if a case that passed does not pass any
 * more.
 */
export async function compareCommand(before: string, after: string): Promise<number> {
  const [first, second] = await Promise.all([readReportFile(before), readReportFile(after)]);
  const comparison = compareSnapshots(snapshotOfReport(first), snapshotOfReport(second));
  for (const line of compareLines(comparison)) console.log(line);
  return compareExitCode(comparison);
}
