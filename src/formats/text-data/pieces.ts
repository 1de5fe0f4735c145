import type { TextCodec } from '../hugging-face/tokenizer.ts';
import type { EncodedText } from './encode.ts';
import type { Part } from './lesson.ts';

/**
 * A text as the model sees it: what its tokens say, in pieces that are asked and pieces that are
 * not. Special tokens are there; joined, the pieces are the decoded text.
 */
export function piecesOf(
  { ids, asked }: Pick<EncodedText, 'ids' | 'asked'>,
  codec: TextCodec,
): readonly Part[] {
  const parts: Part[] = [];
  let shown = '';
  for (let at = 0; at < ids.length; ) {
    const here = asked[at] as boolean;
    while (at < ids.length && asked[at] === here) at++;
    // Of all ids up to here: what a token says may hang on those before it.
    const text = codec.decode(ids.slice(0, at));
    parts.push({ text: text.slice(shown.length), asked: here });
    shown = text;
  }
  return parts;
}
