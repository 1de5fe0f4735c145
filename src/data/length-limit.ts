import { GradproofError } from '../errors.ts';
import { seam } from '../seam.ts';
import type { Dataset } from './dataset.ts';
import type { Tokens } from './sequences.ts';

/** A text has more tokens than a model takes. */
class SequenceTooLongError extends GradproofError {
  constructor(index: number, length: number, most: number) {
    super(
      'seq-too-long',
      `text ${index} has ${length} tokens and the model takes ${most}: shorten it, or ask for truncation`,
    );
  }
}

/** What becomes of a text, by its length. */
const withinLength = seam(
  'data.within_length',
  (tokens: Tokens, most: number, truncate: boolean | undefined): Tokens | undefined => {
    if (tokens.length <= most) return tokens;
    return truncate ? tokens.slice(0, most) : undefined;
  },
);

/**
 * Texts of at most `most` tokens: with `truncate` longer ones lose what is too much. Otherwise the
 * item throws SequenceTooLongError.
 */
export function limitedTexts(
  texts: Dataset<Tokens>,
  most: number,
  truncate?: boolean,
): Dataset<Tokens> {
  return {
    length: texts.length,
    item: (index) => {
      const tokens = texts.item(index);
      const kept = withinLength(tokens, most, truncate);
      if (!kept) throw new SequenceTooLongError(index, tokens.length, most);
      return kept;
    },
  };
}
