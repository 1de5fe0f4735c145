import type { LabelledTokens } from './labelled-tokens.ts';
import { NumberSet } from './number-set.ts';

type Row = LabelledTokens[];

/**
 * Rows of at most `length` tokens by the strategy `bfd` of TRL, best fit decreasing: the longest
 * texts first, each into the row that it leaves the least room in, of several the one that has had
 * that room longest. Texts of one length keep their order. Throws RangeError for a longer text.
 */
export function bestFitRows(
  texts: readonly LabelledTokens[],
  length: number,
): readonly (readonly LabelledTokens[])[] {
  const rows: Row[] = [];
  const open = new RowsByRoom(length);
  for (const text of texts.toSorted((a, b) => b.ids.length - a.ids.length)) {
    const size = text.ids.length;
    if (size > length)
      throw new RangeError(`a text of ${size} tokens does not fit a row of ${length}`);
    const { row, room } = open.take(size) ?? { row: newRow(rows), room: length };
    row.push(text);
    if (room > size) open.add(row, room - size);
  }
  return rows;
}

function newRow(rows: Row[]): Row {
  const row: Row = [];
  rows.push(row);
  return row;
}

/** Rows of the same room, in the order in which they came to it; those before `next` have left it. */
interface Queue {
  readonly rows: Row[];
  next: number;
}

/** Rows by the room that they have left; there may be as many as texts. */
class RowsByRoom {
  readonly #queues = new Map<number, Queue>();
  /** The rooms that some row has. */
  readonly #rooms: NumberSet;

  constructor(most: number) {
    this.#rooms = new NumberSet(most);
  }

  add(row: Row, room: number): void {
    const queue = this.#queues.get(room);
    if (queue) queue.rows.push(row);
    else {
      this.#queues.set(room, { rows: [row], next: 0 });
      this.#rooms.add(room);
    }
  }

  /** Takes out the row of the least room that is at least `size`, with that; undefined of none. */
  take(size: number): { readonly row: Row; readonly room: number } | undefined {
    const room = this.#rooms.leastFrom(size);
    if (room === undefined) return undefined;
    const queue = this.#queues.get(room) as Queue;
    const row = queue.rows[queue.next++] as Row;
    if (queue.next === queue.rows.length) {
      this.#queues.delete(room);
      this.#rooms.delete(room);
    }
    return { row, room };
  }
}
