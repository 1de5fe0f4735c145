import { mergeReports } from '../../report/merge.ts';
import { exitOfReport, UsageError } from '../exit.ts';
import { readReportFile } from '../files.ts';
import {
  checkReportFiles,
  type ReportFiles,
  voiceFor,
  writeReportFiles,
} from '../output/report-files.ts';
import { showSummary } from '../output/summary.ts';

/**
 * Joins the reports of a run's shards into one, in each form that was asked for. Throws UsageError
 * and what reading and merging throw.
 */
export async function mergeCommand(
  paths: readonly string[],
  files: Partial<ReportFiles>,
): Promise<number> {
  if (Object.keys(files).length === 0)
    throw new UsageError('merge: name a file to write: --report, --junit, --html or --csv');
  checkReportFiles(files);
  const merged = mergeReports(await Promise.all(paths.map(readReportFile)));
  await writeReportFiles(files, merged);
  showSummary(voiceFor(files), merged);
  return exitOfReport(merged, false);
}
