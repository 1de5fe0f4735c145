/** A place of the grid, both from 0. */
export interface GridPlace {
  readonly row: number;
  readonly column: number;
}

/**
 * The place that a key leads to in a grid of so many rows and columns, which the arrows do not
 * leave: Home and End are the ends of a row, Page Up and Page Down those of a column. Undefined for
 * other keys.
 */
export function gridPlaceAfter(
  key: string,
  { row, column }: GridPlace,
  rows: number,
  columns: number,
): GridPlace | undefined {
  switch (key) {
    case 'ArrowRight':
      return { row, column: Math.min(column + 1, columns - 1) };
    case 'ArrowLeft':
      return { row, column: Math.max(column - 1, 0) };
    case 'ArrowDown':
      return { row: Math.min(row + 1, rows - 1), column };
    case 'ArrowUp':
      return { row: Math.max(row - 1, 0), column };
    case 'Home':
      return { row, column: 0 };
    case 'End':
      return { row, column: columns - 1 };
    case 'PageUp':
      return { row: 0, column };
    case 'PageDown':
      return { row: rows - 1, column };
    default:
      return undefined;
  }
}
