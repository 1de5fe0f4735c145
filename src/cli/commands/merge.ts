import { mergeReports } from '../../report/merge.ts';
import { exitOfReport, UsageError } from '../exit.ts';
import { readReportFile } from '../files.ts';
import { publish } from '../output/publish.ts';
import { checkReportFiles, type ReportFiles, voiceFor } from '../output/report-files.ts';
import { shareBaseOf } from '../share-base.ts';

/** What `gradproof merge` understands. */
export interface MergeOptions extends ReportFiles {
  readonly shareBase: string;
}

/**
 * Joins the reports of a run's shards into one, in each form that was asked for. Throws UsageError
 * and what reading and merging throw.
 */
export async function mergeCommand(
  paths: readonly string[],
  { shareBase, ...files }: Partial<MergeOptions>,
): Promise<number> {
  if (Object.keys(files).length === 0)
    throw new UsageError('merge: name a file to write: --report, --junit, --html, --csv or --link');
  checkReportFiles(files, { merge: paths });
  const merged = mergeReports(await Promise.all(paths.map((path) => readReportFile(path))), paths);
  await publish(merged, voiceFor(files), { files, shareBase: shareBaseOf(shareBase) });
  return exitOfReport(merged, false);
}
