import { OWN_COLUMNS, RECORDED_COLUMNS } from '../../quantizer/matrix/columns.ts';
import { DIRECTIONS } from '../../quantizer/matrix/directions.ts';
import { DEFAULT_RUN_OPTIONS } from '../../report/run-options.ts';
import type { RunRequest } from '../headless/page.ts';
import type { Live } from '../live.ts';
import type { BundleFile } from '../parity.ts';
import { type Extent, ownCaseId } from './cells.ts';
import { recordedCells } from './recorded.ts';

/** Whether some of the columns need recordings: a bridge computes theirs anew. */
export function needsRecordings({ columns }: Extent, live: Live | undefined): boolean {
  const recorded: readonly string[] = RECORDED_COLUMNS;
  return live !== undefined || columns.some((column) => recorded.includes(column));
}

/**
 * The run that executes the cells of ours and of `live`, and replays what is recorded of the
 * methods; undefined where no column needs one.
 */
export function matrixRequest(
  extent: Extent,
  { seed, bundles, live }: MatrixSources,
): RunRequest | undefined {
  const own = OWN_COLUMNS.filter((column) => extent.columns.includes(column));
  const ids = extent.methods.flatMap((method) =>
    DIRECTIONS.flatMap((direction) =>
      own.map((backend) => ownCaseId({ method, direction, backend })),
    ),
  );
  const recorded = [...recordedCells(bundles)].filter(
    ([, { method, column }]) =>
      extent.methods.includes(method) &&
      (live !== undefined || (column !== undefined && extent.columns.includes(column))),
  );
  const filters = [...ids, ...recorded.map(([id]) => id)];
  if (filters.length === 0) return undefined;
  return {
    options: { ...DEFAULT_RUN_OPTIONS, tier: 'full', seed, filters },
    ...(recorded.length > 0 ? { replay: { bundles, alone: ids.length === 0 } } : {}),
    ...(live && recorded.length > 0 ? { live } : {}),
  };
}

/** What a run of the matrix draws on. */
export interface MatrixSources {
  readonly seed: number;
  /** Recordings of ops of the methods. */
  readonly bundles: readonly BundleFile[];
  readonly live?: Live | undefined;
}
