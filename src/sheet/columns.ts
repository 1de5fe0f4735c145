import type { SheetRow } from './sheet.ts';

/** What is told of a model; nothing where it has no such figure. */
type Told = number | string | undefined;

const needed =
  (of: (needs: NonNullable<SheetRow['needs']>) => number) =>
  ({ needs }: SheetRow): Told =>
    needs && of(needs);

/** Every column of the sheet, in order: bytes and seconds as they are. */
export const SHEET_COLUMNS = {
  model: ({ name }: SheetRow): Told => name,
  parameters: ({ parameters }: SheetRow): Told => parameters,
  weights: needed(({ weights }) => weights),
  adapters: needed(({ adapters }) => adapters),
  optimizer: needed(({ optimizer }) => optimizer),
  checkpointed: needed(({ activations }) => activations.checkpointed),
  whole: needed(({ activations }) => activations.whole),
  total: needed(({ total }) => total),
  room: ({ room }: SheetRow): Told => room,
  splits: ({ splits }: SheetRow): Told => splits && splitWords(splits),
  fastest: ({ seconds }: SheetRow): Told => seconds?.[0],
  slowest: ({ seconds }: SheetRow): Told => seconds?.[1],
  refusal: ({ refusal }: SheetRow): Told => refusal,
};

/** A column by its name. */
export type SheetKey = keyof typeof SHEET_COLUMNS;

/** The names of the columns, in order. */
export const SHEET_KEYS = Object.keys(SHEET_COLUMNS) as readonly SheetKey[];

/** `logits / 2, model.embed_tokens / 3`: what lies in how many pieces. */
export function splitWords(splits: NonNullable<SheetRow['splits']>): string {
  return splits.map(({ name, count }) => `${name} / ${count}`).join(', ');
}

/**
 * The sheet as a table for a file, a model a line, numbers in full. `own` is the name of the model
 * that a person brought.
 */
export function sheetTable(
  rows: readonly SheetRow[],
  own: string,
  labelOf: (key: SheetKey) => string = (key) => key,
) {
  return {
    columns: SHEET_KEYS.map((key) => ({ label: labelOf(key) })),
    rows: rows.map((row) =>
      SHEET_KEYS.map((key) => SHEET_COLUMNS[key](row) ?? (key === 'model' ? own : undefined)),
    ),
  };
}
