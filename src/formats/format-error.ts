import { GradproofError } from '../errors.ts';

/**
 * A file that is not what it claims to be. The message is one line that says what is wrong with it.
 */
export class FormatError extends GradproofError {
  constructor(message: string, options?: ErrorOptions) {
    super('bad-file', message, options);
  }
}

const SHOWN_CHARACTERS = 80;

/** A string out of a hostile file for a one-line message: quoted, escaped and cut. */
export function quote(text: string): string {
  return JSON.stringify(
    text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text,
  );
}
