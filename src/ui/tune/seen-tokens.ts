import type { TextCodec } from '../../formats/hugging-face/tokenizer.ts';
import type { EncodedText } from '../../formats/text-data/encode.ts';

/** A token of a text, or several where only together they are characters. */
export interface SeenToken {
  readonly text: string;
  /** Whether it is a token that is no text, as that of the end. */
  readonly special: boolean;
  /** Whether the model learns to say it. */
  readonly asked: boolean;
}

/** A text as a model sees it. */
export interface SeenText {
  /** The first ones. */
  readonly tokens: readonly SeenToken[];
  /** Of the whole text: all tokens, and those that are asked. */
  readonly length: number;
  readonly askedCount: number;
  /** Whether the end of the record was cut off. */
  readonly truncated: boolean;
}

/** What decoders write for bytes that are no character yet. */
const UNFINISHED = '\ufffd';

/** Token by token, at most the first `most`; the first token of a text is never asked. */
export function seenText(
  { ids, asked, truncated }: EncodedText,
  codec: Pick<TextCodec, 'decode'>,
  most: number,
): SeenText {
  const isAsked = (at: number) => at > 0 && asked[at] === true;
  return {
    tokens: tokensOf(ids.slice(0, most), codec, isAsked),
    length: ids.length,
    askedCount: ids.filter((_, at) => isAsked(at)).length,
    truncated,
  };
}

/**
 * What each token adds to the text: a decoder may write a token otherwise at the beginning of a text
 * than within it.
 */
function tokensOf(
  ids: readonly number[],
  codec: Pick<TextCodec, 'decode'>,
  isAsked: (at: number) => boolean,
): readonly SeenToken[] {
  const tokens: SeenToken[] = [];
  let told = '';
  for (const [at, id] of ids.entries()) {
    const text = codec.decode(ids.slice(0, at + 1));
    const isLast = at === ids.length - 1;
    if (text.endsWith(UNFINISHED) && !isLast) continue;
    const added = text.startsWith(told) ? text.slice(told.length) : codec.decode([id]);
    const special = codec.decode([id], { specials: false }) === '' && codec.decode([id]) !== '';
    told = text;
    if (added !== '') tokens.push({ text: added, special, asked: isAsked(at) });
  }
  return tokens;
}
