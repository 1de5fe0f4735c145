/** What a cell of a table holds; nothing where there is no value. */
export type Cell = number | string | undefined;

/** A column: its heading with the unit, and how its numbers are told. */
export interface Column {
  readonly label: string;
  readonly format?: Intl.NumberFormatOptions;
}

/** The numbers of a figure as text. The first column names the row. */
export interface FigureTable {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

/**
 * The table as comma-separated values (RFC 4180): numbers as they are, so that programs read them.
 */
export function toCsv({ columns, rows }: FigureTable): string {
  return [columns.map(({ label }) => label), ...rows]
    .map((cells) => `${cells.map(field).join(',')}\r\n`)
    .join('');
}

function field(cell: Cell): string {
  const text = cell === undefined ? '' : String(cell);
  // A text that begins like a formula is one to a spreadsheet.
  const safe = typeof cell === 'string' && /^[=+\-@\t]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
