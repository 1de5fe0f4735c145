import { bridgeName } from '../backends/bridge/name.ts';
import type { Cell } from '../quantizer/matrix/cell.ts';
import { ORT_COLUMNS } from '../quantizer/matrix/columns.ts';
import { planHash, planText } from '../report/plan.ts';
import { DEFAULT_RUN_OPTIONS } from '../report/run-options.ts';
import type { Environment, Report } from '../report/schema.ts';
import type { Case } from '../testing/suite.ts';
import type { RunRequest } from './headless/page.ts';
import type { Live } from './live.ts';
import { type Absence, cellsOf, type Extent } from './matrix/cells.ts';
import { isOfMatrix, recordedCells } from './matrix/recorded.ts';
import { matrixReport } from './matrix/report.ts';
import { matrixRequest, needsRecordings } from './matrix/request.ts';
import type { BundleFile } from './parity.ts';

/** Cells of other libraries, and where they were executed. */
interface ForeignCells {
  readonly environment: Environment;
  readonly cells: readonly Cell[];
}

/** What a matrix needs from where it is executed. */
export interface MatrixHost {
  readonly cases: ReadonlyMap<string, Case>;
  readonly seed: number;
  /** Devices behind a bridge. */
  readonly live?: Live | undefined;
  /** Recordings that are shipped, of the ops that are wanted. */
  readonly recordings: (isWanted: (op: string) => boolean) => Promise<readonly BundleFile[]>;
  readonly run: (request: RunRequest) => Promise<Report>;
  /** Asks other libraries, or says why they cannot be; absent where they are not wanted. */
  readonly foreign?: () => Promise<ForeignCells | Absence>;
  readonly signal: AbortSignal;
}

/** What became of every cell that was asked for. */
export interface MatrixOutcome {
  /** Of kind `run`, in no plan. */
  readonly report: Report;
  readonly cells: readonly Cell[];
}

/**
 * Executes a matrix: our own cells are cases of the full tier, those of recordings are replayed, and
 * computed anew behind a bridge; other libraries are asked last. When the signal aborts, what was
 * not reached is unavailable as `not-run`, and the report is partial.
 */
export async function executeMatrix(extent: Extent, host: MatrixHost): Promise<MatrixOutcome> {
  const { cases, seed, run, signal } = host;
  const startedAt = new Date();
  const isShown = host.live?.links.some(({ device }) =>
    extent.columns.includes(bridgeName(device)),
  );
  const live = isShown ? host.live : undefined;
  const bundles = needsRecordings(extent, live) ? await host.recordings(isOfMatrix) : [];
  const request = matrixRequest(extent, { seed, bundles, live });
  const ran = request && (await run(request));
  const isAsked = ORT_COLUMNS.some((column) => extent.columns.includes(column));
  const foreign = await (isAsked && !signal.aborted ? (host.foreign?.() ?? NOT_ASKED) : ENDED);
  const cells = cellsOf(extent, {
    results: ran?.results ?? [],
    recorded: recordedCells(bundles),
    foreign: 'cells' in foreign ? foreign.cells : foreign,
  });
  const identity = {
    kind: 'run',
    startedAt,
    options: { ...DEFAULT_RUN_OPTIONS, tier: 'full', seed },
    planHash: await planHash(planText(cases.values())),
  } as const;
  const places = {
    own: ran?.environments[0],
    foreign: 'cells' in foreign ? foreign.environment : undefined,
  };
  const complete = (ran?.run.complete ?? true) && !signal.aborted;
  return { report: matrixReport(identity, cells, places, complete), cells };
}

const ENDED: Absence = { code: 'not-run', message: 'the run ended before it' };

const NOT_ASKED: Absence = {
  code: 'not-asked',
  message: 'ONNX Runtime was not asked: it is loaded where a person wants it',
};
