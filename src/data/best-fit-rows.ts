import type { LabelledTokens } from './labelled-tokens.ts';

/**
 * Rows of at most `length` tokens by the strategy `bfd` of TRL, best fit decreasing: the longest
 * texts first, each into the row that it leaves the least room in, of several the one that has had
 * that room longest. Texts of one length keep their order. Throws RangeError for a longer text.
 */
export function bestFitRows(
  texts: readonly LabelledTokens[],
  length: number,
): readonly (readonly LabelledTokens[])[] {
  const rows: LabelledTokens[][] = [];
  /** Rows by the room that they have left. */
  const withRoom = new Map<number, LabelledTokens[][]>();
  for (const text of texts.toSorted((a, b) => b.ids.length - a.ids.length)) {
    const size = text.ids.length;
    if (size > length)
      throw new RangeError(`a text of ${size} tokens does not fit a row of ${length}`);
    let room = size;
    while (room < length && !withRoom.get(room)?.length) room += 1;
    const row = withRoom.get(room)?.shift() ?? newRow(rows);
    row.push(text);
    const left = room - size;
    if (left > 0) withRoom.set(left, [...(withRoom.get(left) ?? []), row]);
  }
  return rows;
}

function newRow(rows: LabelledTokens[][]): LabelledTokens[] {
  const row: LabelledTokens[] = [];
  rows.push(row);
  return row;
}
