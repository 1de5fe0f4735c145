/** What a run of a type came to. */
export interface TypeRow {
  readonly type: string;
  /** Numbers that it trains. */
  readonly trainable: number;
  readonly steps: number;
  /** Losses of the first and the last step, in nats a token. */
  readonly first: number;
  readonly last: number;
  /** By what share the mean of the last losses is below that of the first. */
  readonly fall: number;
  /** The most of the device's memory that it took. */
  readonly peakBytes: number;
}

const COLUMNS = ['type', 'trainable', 'steps', 'first', 'last', 'fall', 'peakBytes'] as const;

/** Types side by side as CSV: a line of names, and one of each type. */
export const typesTable = (rows: readonly TypeRow[]): string =>
  [COLUMNS, ...rows.map((row) => COLUMNS.map((column) => row[column]))]
    .map((cells) => `${cells.join(',')}\n`)
    .join('');
