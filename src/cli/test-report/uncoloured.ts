/** A text without the colours of a terminal. */
export function uncoloured(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape of a colour is one
  return text.replaceAll(/\u001b\[[0-9;]*m/g, '');
}
