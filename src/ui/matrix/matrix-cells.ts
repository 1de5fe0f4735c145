import type { Cell, CellVerdict } from '../../quantizer/matrix/cell.ts';
import { DIRECTIONS } from '../../quantizer/matrix/directions.ts';
import type { FigureTable } from '../../report/table.ts';
import { unitsWords } from '../messages/units.en.ts';
import { matrixWords } from './matrix.en.ts';

/** A method on a backend: its cells by direction. */
export interface Square {
  readonly method: string;
  readonly backend: string;
  readonly cells: readonly Cell[];
}

/** The cells as rows of methods, each with a square for every column. */
export function squaresOf(cells: readonly Cell[]): readonly (readonly Square[])[] {
  const columns = [...new Set(cells.map(({ backend }) => backend))];
  const rows = new Map<string, Cell[]>();
  for (const cell of cells) rows.set(cell.method, [...(rows.get(cell.method) ?? []), cell]);
  return [...rows].map(([method, all]) =>
    columns.map((backend) => ({
      method,
      backend,
      cells: all.filter((cell) => cell.backend === backend),
    })),
  );
}

/** What a column is called; its own name where this version does not know it. */
export function columnWords(backend: string): string {
  const names: Readonly<Record<string, string>> = matrixWords().columns;
  return names[backend] ?? backend;
}

/** "right: quantize, dequantize; unavailable: product": what a square is called. */
export function squareWords({ cells }: Square): string {
  const { directions, verdicts } = matrixWords();
  const kinds = [...new Set(cells.map(({ verdict }) => verdict))];
  return kinds
    .map((kind) => {
      const those = cells.filter(({ verdict }) => verdict === kind);
      return `${verdicts[kind]}: ${those.map(({ direction }) => directions[direction]).join(', ')}`;
    })
    .join('; ');
}

/** How far a cell that passed was from its bounds, in words. */
export function shareWords({ accuracy, compared }: Cell): string {
  const { share, exact } = matrixWords();
  const used = accuracy?.boundUsed;
  if (!used) return exact(compared);
  const format = { style: 'percent', maximumSignificantDigits: 2 } as const;
  return share(unitsWords().number(used, format), compared);
}

/** How many cells there are of each verdict. */
export function countsOf(cells: readonly Cell[]): Readonly<Record<CellVerdict, number>> {
  const counts = { pass: 0, fail: 0, 'producer-deviates': 0, unavailable: 0 };
  for (const { verdict } of cells) counts[verdict]++;
  return counts;
}

/** Every cell with what it says, for a file. */
export function cellTable(cells: readonly Cell[]): FigureTable {
  const { csvColumns } = matrixWords();
  const order = (cell: Cell) => DIRECTIONS.indexOf(cell.direction);
  return {
    columns: Object.values(csvColumns).map((label) => ({ label })),
    rows: cells
      .toSorted((a, b) => a.method.localeCompare(b.method) || order(a) - order(b))
      .map(({ method, direction, backend, verdict, why, accuracy, compared }) => [
        ...[method, direction, backend, verdict, why?.code, why?.message],
        ...[accuracy?.boundUsed ?? undefined, compared],
      ]),
  };
}
