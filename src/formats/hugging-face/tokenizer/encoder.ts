import { messageOf } from '../../../errors.ts';
import { quote } from '../../format-error.ts';
import { TokenizerError } from '../tokenizer-error.ts';

/** Tokens of a text, and their ids. */
export interface Encoded {
  readonly tokens: readonly string[];
  readonly ids: readonly number[];
}

/** What makes tokens of a text, by the library. */
export interface Encoder {
  readonly encode: (text: string) => Encoded;
  /** What a text is changed to before it is split. */
  readonly normalize: (text: string) => string;
}

/** Throws {@link TokenizerError} for a pattern that the library cannot read. */
export async function encoderOf(pipeline: object): Promise<Encoder> {
  const { Tokenizer } = await import('@huggingface/tokenizers');
  const tokenizer = made(() => new Tokenizer(pipeline, {}));
  return {
    encode: (text) =>
      text === '' ? { tokens: [], ids: [] } : tokenizer.encode(text, { add_special_tokens: false }),
    normalize: (text) => tokenizer.normalizer?.normalize(text) ?? text,
  };
}

function made<T>(make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw new TokenizerError(
      'tokenizer-not-supported',
      `tokenizer.json is not read here: ${quote(messageOf(cause))}; take a tokenizer of a Llama, Qwen or Mistral`,
      { cause },
    );
  }
}
