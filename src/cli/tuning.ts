import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Measuring } from '../bench/options.ts';
import type { BenchRequest } from '../bench/request.ts';
import { measuredTable } from '../bench/tuner/measured-table.ts';
import type { TuningRow } from '../gpu/tuning.ts';
import type { ResultCache } from '../harness/mutation/result-cache.ts';
import { rowsTold, TuningTableError } from '../ops/tuning/told.ts';
import { isUnmeasured } from '../ops/tuning/unmeasured.ts';
import type { Report } from '../report/schema.ts';
import { CACHE_FOLDER } from './checkout.ts';
import { UsageError } from './exit.ts';
import { openFileCache } from './file-cache.ts';
import { readReportFile } from './files.ts';
import type { Runtime } from './runtime/runtime.ts';

/** By which table variants are chosen: rows that come first, or what is to be measured. */
export type Tuning = readonly TuningRow[] | 'measured';

/** Reads what `--tuning` gave. Throws UsageError and ReportError about a report without a table. */
export async function readTuning(given = 'checked-in'): Promise<Tuning> {
  if (given === 'measured') return given;
  if (given === 'checked-in') return [];
  const [environment] = (await readReportFile(given)).environments;
  if (!environment)
    throw new UsageError(
      `--tuning ${given}: the report has no environment, so no table: give one of a run that had a device`,
    );
  try {
    return rowsTold(environment.tuning);
  } catch (error) {
    if (error instanceof TuningTableError)
      throw new UsageError(`--tuning ${given}: environments[0].tuning: ${error.message}`);
    throw error;
  }
}

/**
 * The rows of a table on the adapter of `runtime`. What is to be measured, of `measuring`, is
 * measured once for each adapter and build, and kept; what there was no time for is measured the
 * next time. Throws what bench throws.
 */
export async function rowsFor(
  tuning: Tuning,
  runtime: Pick<Runtime, 'adapter' | 'bench'>,
  signal: AbortSignal,
  measuring: Measuring = 'measured',
  open: () => ResultCache = openCache,
): Promise<readonly TuningRow[]> {
  if (tuning !== 'measured') return tuning;
  const cache = open();
  const key = measuring === 'measured' ? runtime.adapter : `${runtime.adapter}, ${measuring}`;
  const kept = cache.get(key) as Report['environments'][number]['tuning'] | undefined;
  const known = kept && rowsTold(kept);
  if (known && !known.some(isUnmeasured)) return known;
  const bench = (request: BenchRequest) => runtime.bench(request, () => {}, signal);
  const table = await measuredTable(measuring, bench, known);
  cache.set(key, table);
  return rowsTold(table);
}

/** The tables that this build measured, by adapter. */
function openCache(): ResultCache {
  return openFileCache(join(CACHE_FOLDER, 'tuning'), readFileSync(WORKER, 'utf8'));
}

/** The built worker that measures: it names what it imports by their contents. */
const WORKER = fileURLToPath(new URL('./bench-worker.js', import.meta.url));
