import { metaWords } from '../../quantizer/choosing/meta-words.ts';
import { hasErrors, type SchemeTotal } from '../../quantizer/choosing/totals.ts';
import type { Cell, FigureTable } from '../../report/table.ts';
import { quantizingWords } from './quantizing.en.ts';

/** A column of the table, which can be sorted by it. */
export interface SchemeColumn {
  readonly key: Exclude<keyof ReturnType<typeof quantizingWords>['table'], NotAColumn>;
  readonly of: (total: SchemeTotal) => Cell;
  readonly format?: Intl.NumberFormatOptions;
}

type NotAColumn =
  | 'caption'
  | 'hint'
  | 'front'
  | 'frontHint'
  | 'groups'
  | 'axis'
  | 'part'
  | 'notFinite';

const MS: Intl.NumberFormatOptions = { minimumSignificantDigits: 3, maximumSignificantDigits: 3 };
const ERROR: Intl.NumberFormatOptions = { ...MS, style: 'percent' };
const BITS: Intl.NumberFormatOptions = { minimumFractionDigits: 2, maximumFractionDigits: 2 };

/** What is told of a scheme, in order. */
export const COLUMNS: readonly SchemeColumn[] = [
  { key: 'method', of: ({ scheme }) => `${scheme.method}${metaWords(scheme)}` },
  { key: 'bits', of: ({ scheme }) => scheme.bits },
  { key: 'group', of: groupWords },
  { key: 'outputError', of: measured(({ outputError }) => finite(outputError)), format: ERROR },
  { key: 'weightError', of: measured(({ weightError }) => finite(weightError)), format: ERROR },
  { key: 'bytes', of: measured(({ bytes }) => bytes), format: {} },
  { key: 'bitsPerWeight', of: measured(({ bitsPerWeight }) => bitsPerWeight), format: BITS },
  { key: 'quantizeMs', of: measured(({ quantizeMs }) => quantizeMs), format: MS },
  { key: 'multiplyMs', of: measured(({ multiplyMs }) => multiplyMs), format: MS },
];

const finite = (error: number) => (Number.isFinite(error) ? error : undefined);

/** A figure that a scheme has only where it did for some layer. */
function measured(of: (total: SchemeTotal) => number | undefined): SchemeColumn['of'] {
  return (total) => (total.done > 0 ? of(total) : undefined);
}

function groupWords({ scheme: { groupSize, axis } }: SchemeTotal): Cell {
  const { table } = quantizingWords();
  const group = typeof groupSize === 'number' ? groupSize : table.groups[groupSize];
  return axis === undefined ? group : `${group}, ${table.axis(axis)}`;
}

/** Why a scheme has no figures, or figures of a part; undefined where it did for every layer. */
export function refusalWords(total: SchemeTotal): string | undefined {
  const { done, layers, why } = total;
  const { table } = quantizingWords();
  if (done > 0 && !hasErrors(total)) return table.notFinite;
  return why === undefined || done === 0 ? why : table.part(done, layers, why);
}

/** The same as numbers and words, for a file. */
export function schemeTable(totals: readonly SchemeTotal[]): FigureTable {
  const { table } = quantizingWords();
  return {
    columns: [
      ...COLUMNS.map(({ key, format }) => ({
        label: table[key],
        ...(format ? { format } : {}),
      })),
      { label: table.front },
    ],
    rows: totals.map((total) => [
      ...COLUMNS.map(({ of }) => of(total)),
      total.isOnFront ? '*' : refusalWords(total),
    ]),
  };
}
