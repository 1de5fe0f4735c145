import type { TokenizerFiles } from '../hugging-face/tokenizer/files.ts';
import { type Vocabulary, vocabularyOf } from '../hugging-face/tokenizer/model.ts';
import { aroundText, tokenIn, withNamedTokens } from '../hugging-face/tokenizer/specials.ts';
import type { JsonObject } from '../strict-json.ts';
import { preTokenizerName } from './pre-tokenizers.ts';
import {
  BYTE,
  CONTROL,
  NORMAL,
  SPACE,
  TOKEN_KEYS,
  UNKNOWN,
  UNUSED,
  USER_DEFINED,
  WHOLE_PIPELINE,
} from './token-kinds.ts';
import { GgufUnsupportedError } from './unsupported.ts';
import type { GgufField } from './write-header.ts';

/** What llama.cpp's conversion takes for special though a tokenizer does not say so. */
const LOOKS_SPECIAL = /^(<\|.*\|>|<｜.*｜>|<pad>|<mask>|<unused.*>)$/su;
const IS_BYTE = /^<0x[0-9A-F]{2}>$/;

/**
 * What llama.cpp's convert_hf_to_gguf.py writes of a tokenizer for a model of so many tokens
 * (conversion/base.py, SpecialVocab of gguf/vocab.py). One that falls back to bytes is a
 * SentencePiece model there; its scores are those of SentencePiece's own file, which follow from the
 * order of the merges. The whole tokenizer.json is there besides, which llama.cpp passes over, since no
 * key says how an added token is found. Throws {@link GgufUnsupportedError} for what cannot be said,
 * TokenizerError.
 */
export function tokenizerFields(
  { pipeline, settings, chatTemplate }: TokenizerFiles,
  size: number,
): Map<string, GgufField> {
  const vocabulary = withNamedTokens(vocabularyOf(pipeline), settings);
  const isSentencePiece = vocabulary.model['byte_fallback'] === true;
  const { tokens, types } = tokensOf(vocabulary, settings, { size, isSentencePiece });
  const own: Readonly<Record<string, GgufField>> = isSentencePiece
    ? {
        model: { type: 'text', value: 'llama' },
        tokens: { type: 'texts', value: tokens },
        scores: { type: 'f32s', value: scoresOf(vocabulary.model, tokens) },
        token_type: { type: 'i32s', value: types },
        add_space_prefix: { type: 'bool', value: addsSpace(pipeline) },
      }
    : {
        model: { type: 'text', value: 'gpt2' },
        pre: { type: 'text', value: preTokenizerName(pipeline) },
        tokens: { type: 'texts', value: tokens },
        token_type: { type: 'i32s', value: types },
        merges: { type: 'texts', value: mergesOf(vocabulary.model).map(inOneText) },
      };
  const template: Readonly<Record<string, GgufField>> =
    chatTemplate === undefined ? {} : { chat_template: { type: 'text', value: chatTemplate } };
  const all = { ...own, ...specialFields(vocabulary, pipeline, settings), ...template };
  const whole = JSON.stringify({ ...pipeline, added_tokens: vocabulary.added });
  return new Map([
    ...Object.entries(all).map(([key, field]) => [keyOf(key), field] as const),
    [WHOLE_PIPELINE, { type: 'text', value: whole }],
  ]);
}

const keyOf = (key: string) =>
  key === 'chat_template' ? 'tokenizer.chat_template' : `tokenizer.ggml.${key}`;

/** Every row of the model has a token; those that the tokenizer lacks are named as llama.cpp does. */
function tokensOf(
  { ids, added }: Vocabulary,
  settings: JsonObject,
  { size, isSentencePiece }: { readonly size: number; readonly isSentencePiece: boolean },
): { readonly tokens: readonly string[]; readonly types: readonly number[] } {
  const tokens = Array.from({ length: size }, (_, id) => `[PAD${id}]`);
  const types = tokens.map(() => UNUSED);
  for (const [token, id] of ids) {
    tokens[id] = token;
    types[id] = isSentencePiece && IS_BYTE.test(token) ? BYTE : NORMAL;
  }
  for (const { id, content, special } of added) {
    const isControl = special || LOOKS_SPECIAL.test(content);
    tokens[id] = isControl ? content : content.replaceAll(SPACE, ' ');
    types[id] = isControl ? CONTROL : USER_DEFINED;
    if (isSentencePiece && content === tokenIn(settings, 'unk_token')) types[id] = UNKNOWN;
  }
  if (tokens.length > size)
    throw new GgufUnsupportedError(
      `a tokenizer of ${tokens.length} tokens for a model of ${size}: give the one that belongs to it`,
    );
  return { tokens, types };
}

function mergesOf({ merges }: JsonObject): readonly (readonly string[])[] {
  return (merges as readonly (string | readonly string[])[]).map((merge) =>
    typeof merge === 'string' ? merge.split(' ') : merge,
  );
}

/** A space within a part is written as byte-level tokens have it. */
const inOneText = (parts: readonly string[]) =>
  parts.map((part) => part.replaceAll(' ', 'Ġ')).join(' ');

function scoresOf(model: JsonObject, tokens: readonly string[]): readonly number[] {
  const ranks = new Map<string, number>();
  for (const [rank, parts] of mergesOf(model).entries()) {
    const token = parts.join('');
    if (!ranks.has(token)) ranks.set(token, rank);
  }
  return tokens.map((token) => 0 - (ranks.get(token) ?? 0));
}

/** Whether a text gets a space in front before it is split. */
function addsSpace({ normalizer, pre_tokenizer }: JsonObject): boolean {
  const text = JSON.stringify([normalizer ?? null, pre_tokenizer ?? null]);
  return /"type":"Prepend"|"prepend_scheme":"(first|always)"/.test(text);
}

function specialFields(
  { ids, added }: Vocabulary,
  pipeline: JsonObject,
  settings: JsonObject,
): Readonly<Record<string, GgufField>> {
  const all = new Map([...ids, ...added.map(({ content, id }) => [content, id] as const)]);
  const idOf = (name: keyof typeof TOKEN_KEYS) => all.get(tokenIn(settings, name) ?? '');
  const named = Object.entries(TOKEN_KEYS).flatMap(([name, key]) => {
    const id = idOf(name as keyof typeof TOKEN_KEYS);
    return id === undefined ? [] : [[key, { type: 'u32', value: id } as const] as const];
  });
  const { before, after } = aroundText(pipeline['post_processor'], settings, (token) =>
    all.get(token),
  );
  const adds = (around: readonly number[], name: 'bos_token' | 'eos_token') => {
    if (around.length > 1 || (around.length === 1 && around[0] !== idOf(name)))
      throw new GgufUnsupportedError(
        `the tokenizer puts something else around a text than its ${name}, for which GGUF has no key`,
      );
    return { type: 'bool', value: around.length === 1 } as const;
  };
  return {
    ...Object.fromEntries(named),
    add_bos_token: adds(before, 'bos_token'),
    add_eos_token: adds(after, 'eos_token'),
  };
}
