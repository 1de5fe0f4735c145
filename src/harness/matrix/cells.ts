import { type Cell, type CellPlace, unavailable } from '../../quantizer/matrix/cell.ts';
import {
  NO_BRIDGE,
  ORT_COLUMNS,
  OWN_COLUMNS,
  RECORDED_COLUMNS,
  type RecordedColumn,
} from '../../quantizer/matrix/columns.ts';
import { DIRECTIONS } from '../../quantizer/matrix/directions.ts';
import type { Accuracy } from '../../reference/judge.ts';
import type { CaseResult } from '../../report/schema.ts';
import { worse } from '../../testing/context.ts';
import { isAbout, type RecordedCells } from './recorded.ts';

/** Methods and columns of a matrix. */
export interface Extent {
  readonly methods: readonly string[];
  readonly columns: readonly string[];
}

/** All columns, with those of devices behind a bridge. */
export function allColumns(bridges: readonly string[]): readonly string[] {
  const live = bridges.length > 0 ? bridges : [NO_BRIDGE];
  return [...OWN_COLUMNS, ...ORT_COLUMNS, ...RECORDED_COLUMNS, ...live];
}

/** Why other libraries have no cells. */
export interface Absence {
  readonly code: string;
  readonly message: string;
}

/** What cells are made of. */
export interface MatrixParts {
  /** Of our own cases, of replays, and of what was computed behind a bridge. */
  readonly results: readonly CaseResult[];
  readonly recorded: ReadonlyMap<string, RecordedCells>;
  /** Cells of other libraries, or why there are none. */
  readonly foreign: readonly Cell[] | Absence;
}

/** The id of the case that executes a cell of ours. */
export function ownCaseId({ method, direction, backend }: CellPlace): string {
  return `quantizer.matrix:${direction};method=${method};backend=${backend}`;
}

/** Every cell, by method, direction and column. */
export function cellsOf({ methods, columns }: Extent, parts: MatrixParts): readonly Cell[] {
  const find = finder(parts);
  return methods.flatMap((method) =>
    DIRECTIONS.flatMap((direction) =>
      columns.map((backend) => find({ method, direction, backend })),
    ),
  );
}

const isIn = (columns: readonly string[], name: string) => columns.includes(name);

function finder({ results, recorded, foreign }: MatrixParts): (place: CellPlace) => Cell {
  const own = new Map(results.map((result) => [result.id, result]));
  const others = new Map(
    (Array.isArray(foreign) ? (foreign as readonly Cell[]) : []).map((cell) => [keyOf(cell), cell]),
  );
  const replayed = replaysOf(results, recorded);
  return (place) => {
    const { backend } = place;
    if (isIn(OWN_COLUMNS, backend)) {
      const result = own.get(ownCaseId(place));
      return result ? cellOf(place, result) : unavailable(place, 'not-run', ENDED);
    }
    if (isIn(ORT_COLUMNS, backend)) {
      const cell = others.get(keyOf(place));
      if (cell) return cell;
      return 'code' in foreign
        ? unavailable(place, foreign.code, foreign.message)
        : unavailable(place, 'not-run', ENDED);
    }
    if (backend === NO_BRIDGE)
      return unavailable(
        place,
        'missing-backend',
        'no bridge is connected: start one with --bridge',
      );
    const cells = replayed.get(keyOf(place)) ?? [];
    if (cells.length > 0) return joined(place, cells);
    return isIn(RECORDED_COLUMNS, backend)
      ? unavailable(place, 'no-recording', notRecorded(backend as RecordedColumn))
      : unavailable(place, 'not-implemented', 'the device computes none of its ops');
  };
}

const ENDED = 'the run ended before it';

/** What `gradproof-bridge record` takes for a column beside the library. */
const RECORDED_WITH: Readonly<Record<RecordedColumn, string>> = {
  'recorded-cpu': 'on any machine',
  'recorded-cuda': 'with --backend cuda on a machine with an NVIDIA GPU',
  'recorded-mps': 'with --backend mps on a Mac with an Apple GPU',
  'recorded-mlx': 'with --backend mlx where MLX is installed',
};

const notRecorded = (column: RecordedColumn) =>
  `no recording of this is shipped: gradproof-bridge record makes one ${RECORDED_WITH[column]}, if the library has it there`;

const keyOf = ({ method, direction, backend }: CellPlace) => `${method} ${direction} ${backend}`;

/** What became of each recording of a cell, and of each that a bridge computed anew. */
function replaysOf(
  results: readonly CaseResult[],
  recorded: MatrixParts['recorded'],
): ReadonlyMap<string, readonly Cell[]> {
  const all = new Map<string, Cell[]>();
  for (const result of results) {
    const of = recorded.get(result.id);
    if (!of) continue;
    const backend = result.backend === 'webgpu' ? of.column : result.backend;
    if (backend === undefined) continue;
    for (const direction of of.directions) {
      const place = { method: of.method, direction, backend };
      const key = keyOf(place);
      const { finding, ...rest } = result;
      const about = finding && isAbout(finding.message, direction, of) ? { finding } : {};
      all.set(key, [...(all.get(key) ?? []), cellOf(place, { ...rest, ...about })]);
    }
  }
  return all;
}

/** What a result says of its cell. */
function cellOf(place: CellPlace, result: CaseResult): Cell {
  const { status, skip, error, finding, accuracy, assertions, durationMs } = result;
  if (status === 'skip')
    return unavailable(place, skip?.code ?? 'skipped', skip?.detail ?? 'the case was skipped');
  const made = { ...place, compared: assertions, tookMs: durationMs };
  if (status !== 'pass') {
    const why = { code: error?.code ?? status, message: error?.message ?? status };
    return { ...made, verdict: 'fail', why };
  }
  const used = accuracy ? { accuracy } : {};
  return finding?.code === 'producer-deviates'
    ? {
        ...{ ...made, ...used, verdict: 'producer-deviates' },
        why: { code: finding.code, message: finding.message },
      }
    : { ...made, ...used, verdict: 'pass' };
}

/** From the worst on. */
const ORDER: readonly Cell['verdict'][] = ['fail', 'producer-deviates', 'pass', 'unavailable'];

/** One cell of several recordings: the worst that became of one, and the largest errors of all. */
function joined(place: CellPlace, cells: readonly Cell[]): Cell {
  const verdict = ORDER.find((each) => cells.some((cell) => cell.verdict === each)) ?? 'pass';
  const told = cells.filter((cell) => cell.verdict === verdict);
  const accuracy = cells
    .flatMap((cell) => cell.accuracy ?? [])
    .reduce<Accuracy | undefined>(worse, undefined);
  const why = told.find((cell) => cell.why)?.why;
  return {
    ...place,
    verdict,
    ...(why ? { why: withCount(why, told.length, cells.length) } : {}),
    compared: cells.reduce((sum, { compared }) => sum + compared, 0),
    ...(accuracy ? { accuracy } : {}),
    tookMs: cells.reduce((sum, { tookMs }) => sum + tookMs, 0),
  };
}

const withCount = ({ code, message }: Absence, count: number, all: number): Absence => ({
  code,
  message: all === 1 ? message : `${count} of ${all} recordings: ${message}`,
});
