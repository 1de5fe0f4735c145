/** The text of an answer of a server; nothing of one of more than `most` bytes. */
export async function boundedText(answer: Response, most: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const part of answer.body ?? []) {
    bytes += part.byteLength;
    if (bytes > most) return '';
    text += decoder.decode(part, { stream: true });
  }
  return text;
}
