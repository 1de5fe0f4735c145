import { seam } from '../seam.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { IGNORED } from '../vocabulary/nn/loss.ts';
import type { Dataset } from './dataset.ts';
import type { Collate } from './loader.ts';

/** Tokens of one text. */
export type Tokens = readonly number[];

/** Sizes of a data set of texts, and the seed of all its items. */
export interface SequenceOptions {
  readonly length: number;
  readonly seqLength: number;
  readonly vocab: number;
  readonly seed: number;
}

const drawToken = seam('data.draw_token', (random: Random, vocab: number): number =>
  random.integer(1, vocab - 1),
);

/** Texts without a rule: every token from 1 on is as likely as every other. 0 is padding. */
export function randomTexts({ length, seqLength, vocab, seed }: SequenceOptions): Dataset<Tokens> {
  return {
    length,
    item: (index) => {
      const random = new Random(seed, index);
      return Array.from({ length: seqLength }, () => drawToken(random, vocab));
    },
  };
}

/** Different words of the grammar. */
const WORDS = 16;

/**
 * Texts of a grammar of 16 words: after each one two may follow, either as likely, so that one bit
 * a token is left to guess. Words are tokens that lie far apart in the vocabulary.
 */
export function grammarTexts({ length, seqLength, vocab, seed }: SequenceOptions): Dataset<Tokens> {
  const apart = Math.floor((vocab - 1) / WORDS);
  return {
    length,
    item: (index) => {
      const random = new Random(seed, index);
      let word = random.integer(0, WORDS - 1);
      return Array.from({ length: seqLength }, () => {
        word = (5 * word + 3 + random.integer(0, 1)) % WORDS;
        return 1 + word * apart;
      });
    },
  };
}

/**
 * Texts of one length as `ids` i32 [n, length]; the labels are the ids, and those of padding ask
 * nothing. A language model's loss shifts them by one.
 */
export const collateTexts: Collate<Tokens> = seam('data.collate_texts', (items) => {
  const shape = [items.length, items[0]?.length ?? 0];
  const ids = items.flat();
  return {
    inputs: { ids: hostTensorFrom('i32', shape, ids) },
    labels: hostTensorFrom(
      'i32',
      shape,
      ids.map((id) => (id === 0 ? IGNORED : id)),
    ),
  };
});
