import { compareSnapshots } from '../../report/compare/compare.ts';
import { compareExitCode, compareLines } from '../../report/compare/lines.ts';
import { snapshotOfReport } from '../../report/compare/snapshot.ts';
import { readReportFile } from '../files.ts';

/**
 * Says how the second report differs from the first; 1 if a case that passed does not pass any
 * more.
 */
export async function compareCommand(a: string, b: string): Promise<number> {
  const [before, after] = await Promise.all([readReportFile(a), readReportFile(b)]);
  const comparison = compareSnapshots(snapshotOfReport(before), snapshotOfReport(after));
  for (const line of compareLines(comparison)) console.log(line);
  return compareExitCode(comparison);
}
