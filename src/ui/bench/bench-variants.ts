import { badChoices, othersWords, type VariantRow } from '../../bench/variant-rows.ts';
import { unitsWords } from '../messages/units.en.ts';
import { benchWords } from './bench.en.ts';
import type { WorksTableContent } from './works-table.ts';

/** Our variants beside each other. */
export function variantsContent(rows: readonly VariantRow[]): WorksTableContent {
  const { caption, columns, hint } = benchWords().variantTable;
  const number = (x: number) => unitsWords().number(x, { maximumSignificantDigits: 3 });
  const lines = rows.map((row) => ({
    id: row.id,
    cells: [number(row.chosenMs), othersWords(row, number), number(row.ofFastest)],
  }));
  return { caption, columns, hint: hint(badChoices(rows).length, rows.length), lines };
}
