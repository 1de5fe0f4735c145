import type { JsonObject } from '../strict-json.ts';
import type { ModelFolder } from './shards.ts';
import { decoderOf } from './tokenizer/decoder.ts';
import { encoderOf } from './tokenizer/encoder.ts';
import { tokenizerFiles } from './tokenizer/files.ts';
import { type Vocabulary, vocabularyOf } from './tokenizer/model.ts';
import { type Span, spansOf } from './tokenizer/offsets.ts';
import { normalizerOf, preTokenizerOf } from './tokenizer/pipeline.ts';
import { aroundText, NAMED, tokenIn, withNamedTokens } from './tokenizer/specials.ts';
import { TokenizerError } from './tokenizer-error.ts';

/** Text to ids and back. */
export interface TextCodec {
  /**
   * The ids of a text. With `specials` (the default) those that the tokenizer puts around it, such
   * as that of the beginning, are there too. A special token that stands in the text is itself.
   */
  encode(text: string, options?: { readonly specials?: boolean }): readonly number[];
  /**
   * The text of ids. Without `specials` special tokens are left out. An id without a token is left
   * out, as the Python library does; bytes that are no UTF-8 become U+FFFD.
   */
  decode(ids: readonly number[], options?: { readonly specials?: boolean }): string;
  /**
   * The ids of a text and where each stands in it, in UTF-16 units; what `specials` (the default)
   * puts around it stands nowhere, from its end to its end or its start to its start. Throws
   * TokenizerError where tokens are not the bytes of their text.
   */
  align(text: string, options?: { readonly specials?: boolean }): Aligned;
  /** All ids are below it. */
  readonly size: number;
  readonly bos?: number | undefined;
  readonly eos?: number | undefined;
  readonly pad?: number | undefined;
  /** Tokens that the model takes, where tokenizer_config.json says so by `model_max_length`. */
  readonly maxLength?: number | undefined;
  /** The Jinja template of chats. */
  readonly chatTemplate?: string | undefined;
  /** Named tokens by what templates call them, as `bos_token`. */
  readonly namedTokens: Readonly<Record<string, string>>;
}

/** Ids of a text, with the place of each. */
export interface Aligned {
  readonly ids: readonly number[];
  readonly spans: readonly Span[];
}

/**
 * The tokenizer of a folder as transformers saves it: tokenizer.json, tokenizer_config.json, and
 * where they are there special_tokens_map.json and chat_template.jinja. Ids are those of the Python
 * library `tokenizers`, or a TokenizerError says what is not read here. Loads
 * `@huggingface/tokenizers` when it is called first.
 */
export async function openTokenizer(folder: ModelFolder): Promise<TextCodec> {
  const { pipeline, settings, chatTemplate } = await tokenizerFiles(folder);
  const vocabulary = withNamedTokens(vocabularyOf(pipeline), settings);
  const encoder = await encoderOf({
    normalizer: normalizerOf(pipeline['normalizer']),
    pre_tokenizer: preTokenizerOf(pipeline['pre_tokenizer']),
    model: vocabulary.model,
    added_tokens: vocabulary.added,
    // What comes after it is done here: this library's own differs (see decoder.ts), and what it
    // puts around a text is known once.
    post_processor: null,
    decoder: null,
  });
  const ids = new Map([
    ...vocabulary.ids,
    ...vocabulary.added.map(({ content, id }) => [content, id] as const),
  ]);
  const tokens = new Map([...ids].map(([token, id]) => [id, token]));
  // A token that is found in what a normalizer makes of a text is decoded as it is found.
  const normalized = vocabulary.added
    .filter((token) => !isFoundAsItIs(token))
    .map(({ id, content }) => ({ id, content: encoder.normalize(content) }));
  for (const { id, content } of normalized) tokens.set(id, content);
  const special = new Set(vocabulary.added.filter((token) => token.special).map(({ id }) => id));
  const around = aroundText(pipeline['post_processor'], settings, (token) => ids.get(token));
  const join = decoderOf(pipeline['decoder']);
  const writing = {
    byteLevel: hasStep(pipeline['decoder'], 'ByteLevel'),
    composed: hasStep(pipeline['normalizer'], 'NFC'),
    added: new Set(vocabulary.added.filter(isFoundAsItIs).map(({ content }) => content)),
    normalized: new Set(normalized.map(({ content }) => content)),
  };
  const named = NAMED.flatMap((name) => {
    const content = tokenIn(settings, name);
    return content === undefined ? [] : [[name, content] as const];
  });
  const idOf = (name: (typeof NAMED)[number]) => ids.get(tokenIn(settings, name) ?? '');
  return {
    bos: idOf('bos_token'),
    eos: idOf('eos_token'),
    pad: idOf('pad_token'),
    maxLength: lengthIn(settings),
    chatTemplate,
    size: [...tokens.keys()].reduce((size, id) => Math.max(size, id + 1), 0),
    namedTokens: Object.fromEntries(named),
    encode: (text, { specials = true } = {}) => {
      const { ids } = encoder.encode(text);
      return specials ? [...around.before, ...ids, ...around.after] : ids;
    },
    align: (text, { specials = true } = {}) => {
      const encoded = encoder.encode(text);
      const spans = spansOf(text, encoded, writing);
      if (!specials) return { ids: encoded.ids, spans };
      const at = (ids: readonly number[], place: number) =>
        ids.map(() => ({ start: place, end: place }));
      return {
        ids: [...around.before, ...encoded.ids, ...around.after],
        spans: [...at(around.before, 0), ...spans, ...at(around.after, text.length)],
      };
    },
    decode: (given, { specials = true } = {}) =>
      join(
        given.flatMap((id) => {
          const token = specials || !special.has(id) ? tokens.get(id) : undefined;
          return token === undefined ? [] : [token];
        }),
      ),
  };
}

/** Whether a part of the pipeline is or has a step of a type. */
const hasStep = (part: unknown, type: string): boolean =>
  JSON.stringify(part ?? null).includes(`"type":"${type}"`);

/** Others are searched for in what a normalizer makes of a text. */
const isFoundAsItIs = ({ normalized, special }: Vocabulary['added'][number]): boolean =>
  !(normalized ?? !special);

/** What transformers writes where there is no limit. */
const NO_LIMIT = 1e30;

function lengthIn({ model_max_length: length }: JsonObject): number | undefined {
  if (length === undefined || length === null || length === NO_LIMIT) return undefined;
  if (typeof length === 'number' && Number.isInteger(length) && length >= 1) return length;
  throw new TokenizerError(
    'tokenizer-value',
    `tokenizer_config.json: model_max_length is ${JSON.stringify(length)}: it must be a whole number from 1`,
  );
}
