import { hostTensorFrom } from '../tensor/host.ts';
import { IGNORED } from '../vocabulary/nn/loss.ts';
import type { Dataset } from './dataset.ts';
import type { Examples } from './examples.ts';
import type { Collate } from './loader.ts';
import type { Tokens } from './sequences.ts';

/** Tokens of one text, and which of them have a label. */
export interface LabelledTokens {
  readonly ids: Tokens;
  readonly asked: readonly boolean[];
}

/** What texts come to. A model is asked for a token by those before it: for the first by none. */
export function countTokens(texts: readonly LabelledTokens[]): {
  readonly tokens: number;
  readonly asked: number;
} {
  return {
    tokens: texts.reduce((sum, { ids }) => sum + ids.length, 0),
    asked: texts.reduce(
      (sum, { asked }) => sum + asked.filter((label, at) => label && at > 0).length,
      0,
    ),
  };
}

/** The items of a list as a data set. */
export const listed = <Item>(items: readonly Item[]): Dataset<Item> => ({
  length: items.length,
  item: (index) => items[index] as Item,
});

/** A row of a batch: ids, and labels of the same length. */
interface Row {
  readonly ids: Tokens;
  readonly labels: readonly number[];
}

/** The label of each token; the first is predicted from nothing. */
const labelled = ({ ids, asked }: LabelledTokens): Row => ({
  ids,
  labels: ids.map((id, at) => (asked[at] && at > 0 ? id : IGNORED)),
});

const filled = (values: readonly number[], length: number, value: number): readonly number[] => [
  ...values,
  ...new Array<number>(length - values.length).fill(value),
];

/** `ids` and labels i32 [rows, length]: what rows lack at their end is `pad`, which asks nothing. */
function batchOf(rows: readonly Row[], length: number, pad: number): Examples {
  const shape = [rows.length, length];
  const tensor = (of: (row: Row) => readonly number[]) =>
    hostTensorFrom('i32', shape, rows.flatMap(of));
  return {
    inputs: { ids: tensor(({ ids }) => filled(ids, length, pad)) },
    labels: tensor(({ labels }) => filled(labels, length, IGNORED)),
  };
}

/**
 * Texts as rows of a batch that are as long as the longest: `ids` i32 [n, longest], filled up at the
 * end with `pad`, and labels of that shape, by position; a language model's loss shifts them by one.
 */
export const paddedTexts =
  (pad: number): Collate<LabelledTokens> =>
  (texts) => {
    const length = texts.reduce((most, { ids }) => Math.max(most, ids.length), 0);
    return batchOf(texts.map(labelled), length, pad);
  };

/**
 * Rows of at most `length` tokens, each of whole texts one behind the other in their order: a text
 * begins a row where it does not fit into the one before. Throws RangeError for a longer text.
 */
export function packedRows(
  texts: readonly LabelledTokens[],
  length: number,
): readonly (readonly LabelledTokens[])[] {
  const rows: LabelledTokens[][] = [];
  let room = 0;
  for (const text of texts) {
    if (text.ids.length > length)
      throw new RangeError(`a text of ${text.ids.length} tokens does not fit a row of ${length}`);
    if (text.ids.length > room) {
      rows.push([]);
      room = length;
    }
    rows.at(-1)?.push(text);
    room -= text.ids.length;
  }
  return rows;
}

/**
 * Rows of several texts: `ids` i32 [n, length], labels of that shape, by position, and `documents`
 * i32 [n, length], which numbers the texts of a row from 0 on, what fills it up being the last. No
 * label asks for the first token of a text, which the text before it does not tell.
 */
export const packedTexts =
  (length: number, pad: number): Collate<readonly LabelledTokens[]> =>
  (rows) => {
    const joined = rows.map((texts) => ({
      ids: texts.flatMap(({ ids }) => ids),
      labels: texts.flatMap((text) => labelled(text).labels),
    }));
    const documents = rows.flatMap((texts) =>
      filled(
        texts.flatMap(({ ids }, at) => ids.map(() => at)),
        length,
        texts.length,
      ),
    );
    const { inputs, labels } = batchOf(joined, length, pad);
    const shape = [rows.length, length];
    return { inputs: { ...inputs, documents: hostTensorFrom('i32', shape, documents) }, labels };
  };
