import { ConfigError } from '../hugging-face/config-error.ts';
import { TokenizerError } from '../hugging-face/tokenizer-error.ts';
import { type JsonObject, parseJsonObject } from '../strict-json.ts';
import { mergesOfScores } from './merges.ts';
import type { GgufValue } from './metadata.ts';
import { MetadataFields } from './metadata-fields.ts';
import { splittingOf } from './pre-tokenizers.ts';
import {
  CONTROL,
  NORMAL,
  SPACE,
  TOKEN_KEYS,
  UNKNOWN,
  UNUSED,
  USER_DEFINED,
  WHOLE_PIPELINE,
} from './token-kinds.ts';

const AT = 'tokenizer.ggml.';

/** The files of a tokenizer, as JSON. */
export interface TokenizerJson {
  /** tokenizer.json. */
  readonly pipeline: JsonObject;
  /** tokenizer_config.json. */
  readonly settings: JsonObject;
}

/**
 * The tokenizer of Hugging Face that the keys of a file tell: the whole tokenizer.json where it is
 * there, else what follows for one of byte pairs with merges (`gpt2`), or SentencePiece's with scores
 * (`llama`). Throws ConfigError for keys that are missing or wrong,
 * {@link TokenizerError} for other kinds.
 */
export function tokenizerJson(metadata: ReadonlyMap<string, GgufValue>): TokenizerJson {
  const fields = new MetadataFields(metadata);
  const whole = fields.text(WHOLE_PIPELINE);
  const kind = fields.text(`${AT}model`);
  if (kind !== 'gpt2' && kind !== 'llama')
    throw new TokenizerError(
      'tokenizer-not-supported',
      `${AT}model is ${kind === undefined ? 'missing' : JSON.stringify(kind.slice(0, 40))}: known are gpt2 and llama`,
    );
  const tokens = fields.texts(`${AT}tokens`);
  const given = fields.has(`${AT}token_type`) ? fields.numbers(`${AT}token_type`) : [];
  const kindOf = (id: number) => given[id] ?? NORMAL;
  const pre = fields.text(`${AT}pre`) ?? 'default';
  const settings = settingsOf(fields, tokens, kind === 'llama' || pre.startsWith('llama'));
  if (whole !== undefined) {
    if (fields.faults.length > 0) throw new ConfigError(fields.faults);
    return { pipeline: parseJsonObject(whole, WHOLE_PIPELINE), settings };
  }
  const parts =
    kind === 'llama'
      ? sentencePiece(fields, tokens, kindOf)
      : bytePairs(fields, splittingOf(pre), tokens, kindOf);
  if (fields.faults.length > 0) throw new ConfigError(fields.faults);
  const added_tokens = tokens.flatMap((content, id) => {
    const special = [CONTROL, UNKNOWN].includes(kindOf(id));
    return special || kindOf(id) === USER_DEFINED
      ? [{ id, content, special, normalized: false, single_word: false }]
      : [];
  });
  const pipeline = { version: '1.0', added_tokens, post_processor: null, ...parts };
  return { pipeline, settings };
}

type KindOf = (id: number) => number;

const vocabularyOf = (tokens: readonly string[], has: (id: number) => boolean) =>
  Object.fromEntries(tokens.flatMap((token, id) => (has(id) ? [[token, id]] : [])));

function bytePairs(
  fields: MetadataFields,
  { ignore_merges, ...splitting }: JsonObject,
  tokens: readonly string[],
  kindOf: KindOf,
): JsonObject {
  return {
    ...splitting,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      ...{ type: 'BPE', byte_fallback: false, ignore_merges },
      vocab: vocabularyOf(tokens, (id) => kindOf(id) === NORMAL),
      merges: fields.texts(`${AT}merges`),
    },
  };
}

function sentencePiece(
  fields: MetadataFields,
  tokens: readonly string[],
  kindOf: KindOf,
): JsonObject {
  const scores = fields.numbers(`${AT}scores`);
  const spaces = { type: 'Replace', pattern: { String: ' ' }, content: SPACE };
  const inFront = { type: 'Prepend', prepend: SPACE };
  const adds = fields.flag(`${AT}add_space_prefix`, true);
  const decoders = [
    { type: 'Replace', pattern: { String: SPACE }, content: ' ' },
    { type: 'ByteFallback' },
    { type: 'Fuse' },
    ...(adds ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
  ];
  const unknown = tokens.find((_, id) => kindOf(id) === UNKNOWN);
  return {
    normalizer: { type: 'Sequence', normalizers: [...(adds ? [inFront] : []), spaces] },
    pre_tokenizer: null,
    decoder: { type: 'Sequence', decoders },
    model: {
      ...{ type: 'BPE', byte_fallback: true, ignore_merges: false, fuse_unk: true },
      unk_token: unknown ?? null,
      vocab: vocabularyOf(tokens, (id) => ![USER_DEFINED, UNUSED].includes(kindOf(id))),
      merges: mergesOfScores(tokens, scores, (id) => kindOf(id) === NORMAL),
    },
  };
}

/** Named tokens, what is put around a text, and the template. */
function settingsOf(
  fields: MetadataFields,
  tokens: readonly string[],
  addsBos: boolean,
): JsonObject {
  const named = Object.entries(TOKEN_KEYS).flatMap(([name, key]) => {
    const token = fields.has(AT + key) ? tokens[fields.number(AT + key)] : undefined;
    return token === undefined ? [] : [[name, token]];
  });
  const chat_template = fields.text('tokenizer.chat_template');
  return {
    ...Object.fromEntries(named),
    add_bos_token: fields.flag(`${AT}add_bos_token`, addsBos),
    add_eos_token: fields.flag(`${AT}add_eos_token`, false),
    ...(chat_template === undefined ? {} : { chat_template }),
  };
}
