import { toldMs } from '../../bench/held-ceilings.ts';
import { type BenchRow, documentedMs } from '../../bench/summary.ts';
import { plainText } from '../../report/plain-text.ts';
import type { CaseResult } from '../../report/schema.ts';

/** What contenders are called where room is short, in the order of the table. */
const CONTENDERS = {
  webgpu: 'ours',
  'ort-webgpu': 'ort',
  'tfjs-webgpu': 'tfjs',
  'jax-webgpu': 'jax',
  'ort-wasm': 'wasm',
  ceiling: 'ceiling',
} as const;

/** Contenders without whose figures a narrow terminal does, the last of them first. */
const SPARED = ['ceiling', 'ort-wasm'];

/** Columns of a name that stay beside the figures; a longer name has a line of its own. */
const LEAST_NAME = 28;
const GAP = '  ';

/** A table for a terminal. */
export interface FittedTable {
  readonly lines: readonly string[];
  /** Columns for which there was no room. */
  readonly dropped: readonly string[];
}

interface Column {
  readonly name: string;
  readonly cellIn: (row: BenchRow) => string;
  /** Where there is no room those of the largest number go first; what has none stays. */
  readonly spared?: number;
}

/** The short name of a contender; its own where this version does not know it. */
export function shortName(backend: string): string {
  return Object.entries(CONTENDERS).find(([name]) => name === backend)?.[1] ?? backend;
}

/** The name of a work in the table: all are of a bench. */
export const workName = (id: string) => id.replace(/^bench\./, '');

/** What each contender took for each work, no wider than `width` if that can be. */
export function worksTable(rows: readonly BenchRow[], width: number, verbose: boolean) {
  const contenders = Object.keys(CONTENDERS).flatMap((backend) => columnsOf(rows, backend));
  const columns: readonly Column[] = [
    ...contenders,
    { name: 'ratio', cellIn: ({ ratio }) => ratio?.toFixed(2) ?? '' },
    {
      name: 'of ceil.',
      cellIn: ({ shareOfCeiling: share }) =>
        share === undefined ? '' : `${(100 * share).toFixed(0)} %`,
    },
    ...(rows.some(({ ofFloats }) => ofFloats !== undefined)
      ? [{ name: 'of f32', cellIn: ({ ofFloats }: BenchRow) => ofFloats?.toFixed(2) ?? '' }]
      : []),
  ];
  return fitted(rows, columns, width, verbose ? settingsIn : () => []);
}

/** What the ceilings took that are works of their own. */
export function ceilingsTable(rows: readonly BenchRow[], width: number): FittedTable {
  return fitted(rows, columnsOf(rows, 'ceiling'), width, () => []);
}

/** Of who took part its figure, and beside it that of its documented loop, where it has one. */
function columnsOf(rows: readonly BenchRow[], backend: string): readonly Column[] {
  const all = rows.flatMap(({ results }) => results.get(backend) ?? []);
  if (all.every(({ status }) => status === 'skip')) return [];
  const name = shortName(backend);
  const place = SPARED.indexOf(backend);
  const figure: Column = {
    ...{ name, cellIn: ({ results }) => cellOf(results.get(backend)) },
    ...(place < 0 ? {} : { spared: place }),
  };
  if (all.every((result) => documentedMs(result) === undefined)) return [figure];
  const loop: Column = {
    name: `${name} loop`,
    cellIn: ({ results }) => millisecondsOf(documentedMs(results.get(backend)), '-'),
    spared: SPARED.length,
  };
  return [figure, loop];
}

function cellOf(result: CaseResult | undefined): string {
  if (!result || result.status === 'skip') return '-';
  if (result.status !== 'pass') return result.status;
  return millisecondsOf(toldMs(result), 'ok');
}

/** Three digits, and of a thousand and more all before the point. */
function millisecondsOf(ms: number | undefined, none: string): string {
  if (ms === undefined) return none;
  return ms < 999.5 ? ms.toPrecision(3) : ms.toFixed(0);
}

/** In which setting each contender was timed. */
function settingsIn({ results }: BenchRow): readonly string[] {
  return Object.entries(CONTENDERS).flatMap(([backend, name]) => {
    const setting = results.get(backend)?.setting;
    return setting === undefined ? [] : [`  ${name}: ${plainText(setting)}`];
  });
}

function fitted(
  rows: readonly BenchRow[],
  columns: readonly Column[],
  width: number,
  below: (row: BenchRow) => readonly string[],
): FittedTable {
  const longest = Math.max(2, ...rows.map(({ id }) => workName(id).length));
  const shown = columns.map((column) => {
    const cells = rows.map(column.cellIn);
    return { column, cells, wide: Math.max(column.name.length, ...cells.map((c) => c.length)) };
  });
  const roomForName = () => shown.reduce((room, { wide }) => room - GAP.length - wide, width);
  const dropped: string[] = [];
  while (roomForName() < Math.min(longest, LEAST_NAME)) {
    const last = Math.max(...shown.map(({ column: { spared = -1 } }) => spared));
    if (last < 0) break;
    const at = shown.findLastIndex(({ column }) => column.spared === last);
    dropped.unshift(...shown.splice(at, 1).map(({ column }) => column.name));
  }
  const room = Math.min(longest, Math.max(roomForName(), LEAST_NAME));
  const line = (name: string, cells: readonly string[]) =>
    [name.padEnd(room), ...cells.map((cell, i) => cell.padStart(shown[i]?.wide ?? 0))]
      .join(GAP)
      .trimEnd();
  const lines = rows.flatMap((row, at) => {
    const name = workName(row.id);
    const cells = shown.map((one) => one.cells[at] ?? '');
    const own = name.length > room ? [name, line('', cells)] : [line(name, cells)];
    return [...own, ...below(row)];
  });
  return {
    lines: [
      line(
        'ms',
        shown.map(({ column }) => column.name),
      ),
      ...lines,
    ],
    dropped,
  };
}
