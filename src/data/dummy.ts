import { seam } from '../seam.ts';
import type { Dataset } from './dataset.ts';
import { randomTexts, type SequenceOptions, type Tokens } from './sequences.ts';

/** A text as transformers' trainers take it. */
export interface TokenizedText {
  readonly input_ids: Tokens;
  readonly labels: Tokens;
  /** 1 where there is a token. */
  readonly attention_mask: readonly number[];
}

const labelled = seam(
  'data.labels_and_mask',
  (tokens: Tokens): TokenizedText => ({
    input_ids: tokens,
    labels: [...tokens],
    attention_mask: tokens.map(() => 1),
  }),
);

/** Texts without a rule that ask for themselves: what a trainer is tried on before real data. */
export function dummyDataset(options: SequenceOptions): Dataset<TokenizedText> {
  const texts = randomTexts(options);
  return { length: options.length, item: (index) => labelled(texts.item(index)) };
}
