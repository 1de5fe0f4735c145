import { mergeReports } from '../../harness/merge.ts';
import { writeReport } from '../../harness/report/write.ts';
import { exitOfReport } from '../exit.ts';
import { checkWritable, readReportFile, writeOutput } from '../files.ts';
import { showSummary } from '../output/summary.ts';
import { voiceOn } from '../output/voice.ts';

/** Joins the reports of a run's shards into one file, or onto stdout for `-`. */
export function mergeCommand(paths: readonly string[], target: string): number {
  checkWritable('--report', target);
  const merged = mergeReports(paths.map(readReportFile));
  const voice = voiceOn(target === '-' ? process.stderr : process.stdout);
  writeOutput('--report', target, writeReport(merged));
  showSummary(voice, merged);
  return exitOfReport(merged, false);
}
