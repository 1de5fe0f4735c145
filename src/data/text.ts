import { GradproofError } from '../errors.ts';

/** Shortest text that is worth learning, in bytes: 4 KiB. */
export const SHORTEST_TEXT = 4 * 1024;

/** The text is too short to hold a tenth of it out and to learn from the rest. */
export class TextTooShortError extends GradproofError {
  constructor(bytes: number) {
    super(
      'text-too-short',
      `the text has ${bytes} bytes and training needs ${SHORTEST_TEXT} or more: choose a longer file`,
    );
  }
}

/** A text as bytes, its last part held out: never trained on, only asked about. */
export interface SplitText {
  readonly train: Uint8Array<ArrayBuffer>;
  readonly heldout: Uint8Array<ArrayBuffer>;
}

/**
 * Splits off the last `heldoutFraction` of the bytes (rounded down). Throws
 * {@link TextTooShortError} below 4 KiB.
 */
export function splitText(text: Uint8Array<ArrayBuffer>, heldoutFraction: number): SplitText {
  if (text.byteLength < SHORTEST_TEXT) throw new TextTooShortError(text.byteLength);
  const end = text.byteLength - Math.floor(text.byteLength * heldoutFraction);
  return { train: text.subarray(0, end), heldout: text.subarray(end) };
}
