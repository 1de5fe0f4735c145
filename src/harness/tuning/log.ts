import type { FigureTable } from '../../report/table.ts';
import type { LlamaMilestone } from '../../train/llama/progress.ts';
import type { TuningEvent } from '../tuning.ts';
import { toldHappening } from './told-happening.ts';

/**
 * A line of a run's log, by the names of transformers' logs; times in milliseconds, sizes in bytes.
 * What happened to the run has `event`, when (`at`) and `message`.
 */
export type LogRow = Readonly<Record<string, number | string | undefined>>;

/** The row that an event adds to the log; undefined of those that add none. */
export function logRow(event: TuningEvent | LlamaMilestone): LogRow | undefined {
  if (event.type === 'heldout') return { step: event.step, eval_loss: event.loss };
  if ('at' in event)
    return { step: event.step, event: event.type, at: event.at, message: toldHappening(event) };
  if (event.type !== 'step') return undefined;
  const { step, epoch, loss, gradNorm, learningRate, tokens, tokensPerSecond, ms } = event;
  return {
    ...{ step, epoch, loss, grad_norm: gradNorm, learning_rate: learningRate },
    ...{ tokens, tokens_per_second: tokensPerSecond, ms },
    ...{ bytes: event.bytes, peak_bytes: event.peakBytes },
    ...(event.transferredBytes === undefined ? {} : { transferred_bytes: event.transferredBytes }),
    ...workerPeaks(event.peakBytesOfWorkers),
  };
}

/** What each worker took at most, by its rank. */
const workerPeaks = (peaks: readonly number[] = []): LogRow =>
  Object.fromEntries(peaks.map((bytes, rank) => [`peak_bytes_of_worker_${rank}`, bytes]));

/** The rows of what a run told before it goes on. */
export const logRowsOf = (history: readonly LlamaMilestone[]): readonly LogRow[] =>
  history.map(logRow).filter((row) => row !== undefined);

/** The log as JSON lines. */
export function logLines(rows: readonly LogRow[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

/** Columns of every table; those that few runs have stand between them. */
const USUAL = [
  ...['step', 'epoch', 'loss', 'eval_loss', 'grad_norm', 'learning_rate'],
  ...['tokens', 'tokens_per_second', 'ms', 'bytes', 'peak_bytes'],
];
const HAPPENED = ['event', 'at', 'message'];

/** The log as a table: a column for each name, empty where a row has none. */
export function logTable(rows: readonly LogRow[]): FigureTable {
  const others = new Set(rows.flatMap((row) => Object.keys(row)));
  for (const name of [...USUAL, ...HAPPENED]) others.delete(name);
  const columns = [...USUAL, ...others, ...HAPPENED];
  return {
    columns: columns.map((label) => ({ label })),
    rows: rows.map((row) => columns.map((name) => row[name])),
  };
}
