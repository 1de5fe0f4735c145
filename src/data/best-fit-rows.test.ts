import { expect, test } from 'vitest';
import { Random } from '../tensor/random.ts';
import { bestFitRows } from './best-fit-rows.ts';
import type { LabelledTokens } from './labelled-tokens.ts';

/** Texts of these lengths, whose first id is their number. */
const textsOf = (...lengths: readonly number[]): readonly LabelledTokens[] =>
  lengths.map((length, i) => ({
    ids: Array.from({ length }, (_, at) => (at === 0 ? i : 99)),
    asked: Array.from({ length }, () => true),
  }));
const numbers = (lengths: readonly number[], length: number) =>
  bestFitRows(textsOf(...lengths), length).map((row) => row.map(({ ids }) => ids[0]));

test.each<[readonly number[], number, readonly (readonly number[])[]]>([
  // By hand: 7 opens a row; 5 another; 3 fits the room of 3 exactly, not that of 5; 2 what 5 left.
  [
    [3, 7, 2, 5],
    10,
    [
      [1, 0],
      [3, 2],
    ],
  ],
  // Into the fuller of two rows, though the emptier came first.
  [[4, 5, 3], 8, [[1, 2], [0]]],
  // Of rows with the same room the older, and texts of one length in their order.
  [
    [6, 6, 2, 2],
    8,
    [
      [0, 2],
      [1, 3],
    ],
  ],
  [[8, 8], 8, [[0], [1]]],
  [[1, 1, 1], 3, [[0, 1, 2]]],
  [[], 3, []],
])('texts of %j tokens in rows of %i', (lengths, length, rows) => {
  expect(numbers(lengths, length)).toEqual(rows);
});

test('every text is in one row, and rows are fewer than in the order of the texts', () => {
  const lengths = Array.from({ length: 300 }, (_, i) => 1 + ((i * 37) % 64));
  const rows = bestFitRows(textsOf(...lengths), 64);
  const sizes = rows.map((row) => row.reduce((sum, { ids }) => sum + ids.length, 0));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(64);
  expect(
    rows
      .flat()
      .map(({ ids }) => ids[0] as number)
      .toSorted((a, b) => a - b),
  ).toEqual(lengths.map((_, i) => i));
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  expect(rows.length).toBeLessThanOrEqual(Math.ceil(tokens / 64) + 1);
});

/** The same by its definition: each row is looked at for each text, and when it came to its room. */
function searched(lengths: readonly number[], length: number) {
  const rows: { texts: number[]; room: number; since: number }[] = [];
  const longestFirst = lengths.map((size, i) => ({ size, i })).toSorted((a, b) => b.size - a.size);
  for (const [turn, { size, i }] of longestFirst.entries()) {
    const fitting = rows.filter(({ room }) => room > 0 && room >= size);
    let [row] = fitting.toSorted((a, b) => a.room - b.room || a.since - b.since);
    if (!row) {
      row = { texts: [], room: length, since: turn };
      rows.push(row);
    }
    row.texts.push(i);
    row.room -= size;
    row.since = turn;
  }
  return rows.map(({ texts }) => texts);
}

test.each([8, 20, 33])('rows of %i are those of a search through all rows', (length) => {
  const random = new Random(length);
  for (let draw = 0; draw < 60; draw++) {
    const least = random.integer(0, length);
    const most = random.integer(least, length);
    const lengths = Array.from({ length: 70 }, () =>
      random.integer(Math.max(1, least), Math.max(1, most)),
    );
    expect(numbers(lengths, length)).toEqual(searched(lengths, length));
  }
});

/** So many texts of one length, and how long it takes to find their rows. */
function timed(count: number, tokens: number, length: number) {
  const [text] = textsOf(tokens) as [LabelledTokens];
  const texts = Array.from({ length: count }, () => text);
  const started = performance.now();
  const rows = bestFitRows(texts, length);
  return { rows: rows.length, ms: performance.now() - started };
}

// By a copy of a list of rows for each text, or a search through all rooms, either takes far longer.
test('many texts of one length, and rows of many rooms, are no more work each', () => {
  const alone = timed(40_000, 300, 512);
  expect(alone.rows).toBe(40_000);
  const together = timed(20_000, 1, 40_000);
  expect(together.rows).toBe(1);
  for (const { ms } of [alone, together]) expect(ms).toBeLessThan(5000);
});

test('a text that no row holds is refused', () => {
  expect(() => bestFitRows(textsOf(2, 4), 3)).toThrow('a text of 4 tokens does not fit a row of 3');
});
