/** Default of {@link plainText}: enough for a line that says what, where and what to do. */
const MAX_LENGTH = 400;

/**
 * Text of a file from elsewhere made fit for one line of a terminal or page: controls, line ends
 * and invisible direction marks become a space, and what is longer than `max` UTF-16 code units is
 * cut off with an ellipsis.
 */
export function plainText(text: string, max = MAX_LENGTH): string {
  const flat = text.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
  return flat.length > max ? `${flat.slice(0, max - 1).toWellFormed()}…` : flat;
}
