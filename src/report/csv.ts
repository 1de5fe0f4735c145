import { chipName } from './place.ts';
import type { CaseResult, Environment, Report } from './schema.ts';

type Cell = string | number | boolean | null | undefined;
type Column = readonly [
  name: string,
  cellOf: (result: CaseResult, environment: Environment | undefined) => Cell,
];

/**
 * One line a result. Names are those of the report's schema; where a name alone says nothing, that
 * of what holds it stands before it.
 */
const COLUMNS: readonly Column[] = [
  ['id', ({ id }) => id],
  ['suite', ({ suite }) => suite],
  ['backend', ({ backend }) => backend],
  ['env', ({ env }) => env],
  ['adapter', (_, environment) => environment && chipName(environment.adapter)],
  [
    'runtime',
    (_, environment) => environment && `${environment.runtime} ${environment.runtimeVersion}`,
  ],
  ['tier', ({ tier }) => tier],
  ['status', ({ status }) => status],
  ['code', ({ error, skip }) => (error ?? skip)?.code],
  ['message', ({ error, skip }) => error?.message ?? skip?.detail],
  ['index', ({ error, finding }) => (error ?? finding)?.at?.index.join(' ')],
  ['actual', ({ error, finding }) => (error ?? finding)?.at?.actual],
  ['expected', ({ error, finding }) => (error ?? finding)?.at?.expected],
  ['finding', ({ finding }) => finding?.code],
  ['findingMessage', ({ finding }) => finding?.message],
  ['fault', ({ fault }) => fault],
  ['control', ({ control }) => control?.status],
  ['assertions', ({ assertions }) => assertions],
  ['attempts', ({ attempts }) => attempts],
  ['durationMs', ({ durationMs }) => durationMs],
  ['gpuMs', ({ gpuMs }) => gpuMs],
  ['boundUsed', ({ accuracy }) => accuracy?.boundUsed],
  ['typicalUsed', ({ accuracy }) => accuracy?.typicalUsed],
  ['maxAbs', ({ accuracy }) => accuracy?.maxAbs],
  ['maxRel', ({ accuracy }) => accuracy?.maxRel],
  ['maxUlp', ({ accuracy }) => accuracy?.maxUlp],
  ['setting', ({ setting }) => setting],
  ['timingSource', ({ timing }) => timing?.source],
  ['samples', ({ timing }) => timing?.samples],
  ['coldMs', ({ timing }) => timing?.coldMs],
  ['medianMs', ({ timing }) => timing?.medianMs],
  ['minMs', ({ timing }) => timing?.minMs],
  ['ciMs', ({ timing }) => timing?.ciMs.join(' ')],
  ['kernels', ({ kernels }) => kernels.join(' ')],
  ['covers', ({ covers }) => covers.join(' ')],
];

/**
 * The results as CSV (RFC 4180): UTF-8, CRLF, a header, one line a result, and behind the fixed
 * columns one `metrics.NAME` for each metric that any of them has. Numbers are written in full,
 * what is absent or not finite is empty. Where a spreadsheet would take a text for a formula (it
 * begins with = + - @, a tab or a line end) an apostrophe stands before it.
 */
export function toCsv({ results, environments }: Report): string {
  const metrics = [
    ...new Set(results.flatMap((result) => Object.keys(result.metrics ?? {}))),
  ].sort();
  const columns = [
    ...COLUMNS,
    ...metrics.map((name): Column => [`metrics.${name}`, (result) => result.metrics?.[name]]),
  ];
  const rows = results.map((result) =>
    columns.map(([, cellOf]) => cellOf(result, environments[result.env])),
  );
  return [columns.map(([name]) => name), ...rows]
    .map((row) => `${row.map(cell).join()}\r\n`)
    .join('');
}

function cell(value: Cell): string {
  if (typeof value !== 'string') return value === null || value === undefined ? '' : String(value);
  const text = (/^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value).toWellFormed();
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
