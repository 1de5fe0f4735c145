import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keyOf } from '../report/case-key.ts';
import type { Report } from '../report/schema.ts';
import { writeReport } from '../report/write.ts';
import { UsageError } from './exit.ts';
import { readReportFile, writeOutput } from './files.ts';

/** Where the last run leaves its report, from the built command line. */
const LAST_REPORT = fileURLToPath(new URL('../../.cache/last-report.json', import.meta.url));

/**
 * The report that `--last-failed` goes on from: the named one, or that of the last run. Throws
 * {@link UsageError} and ReportError.
 */
export async function readLastReport(named: string): Promise<Report> {
  if (!named && !existsSync(LAST_REPORT)) {
    throw new UsageError(
      '--last-failed: no run has left a report yet: run once without it, or name a report',
    );
  }
  const report = await readReportFile(named || LAST_REPORT);
  if (report.kind !== 'run')
    throw new UsageError(`--last-failed ${named}: is a report of ${report.kind}, not of a run`);
  return report;
}

/**
 * The kernels that each case dispatched in a run, by {@link keyOf}: in that of the `named` report, or
 * the last one; none where that left no report. Throws UsageError and ReportError of the named one.
 */
export async function kernelsOfRun(
  named: string | undefined,
): Promise<ReadonlyMap<string, readonly string[]>> {
  try {
    const { results } = await readReportFile(named ?? LAST_REPORT);
    const passed = results.filter(({ status }) => status === 'pass');
    return new Map(passed.map((result) => [keyOf(result), result.kernels]));
  } catch (error) {
    if (named !== undefined) throw error;
    return new Map(); // no run yet, or a file that was cut or is of another version
  }
}

/** Keeps the report for `--last-failed`, and writes it back to the one that was named. */
export function keepLastReport(report: Report, named: string): void {
  if (named) writeOutput('--last-failed', named, writeReport(report));
  try {
    mkdirSync(dirname(LAST_REPORT), { recursive: true });
    writeOutput('last report', LAST_REPORT, writeReport(report));
  } catch {
    // A read-only installation keeps no report; one can still be named.
  }
}
