import { quote } from '../../format-error.ts';
import { isJsonObject, type JsonObject } from '../../strict-json.ts';
import { TokenizerError } from '../tokenizer-error.ts';
import type { Vocabulary } from './model.ts';

/** Tokens that transformers knows by name. */
export const NAMED = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token',
] as const;

/** A token with a name, by what tokenizer_config.json says: its text, or an object with it. */
export const tokenIn = (settings: JsonObject, name: (typeof NAMED)[number]): string | undefined =>
  tokensIn(settings[name])[0];

/** The tokens of a field: one, or a list. */
function tokensIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(tokensIn);
  const content = isJsonObject(value) ? value['content'] : value;
  return typeof content === 'string' && content !== '' ? [content] : [];
}

/** Fields with special tokens that have no names. */
const MORE = ['extra_special_tokens', 'additional_special_tokens'];

/**
 * The vocabulary with the named tokens as special ones, which transformers makes them. Throws
 * {@link TokenizerError} for one that has no id: transformers would give it one that no row of the
 * model has.
 */
export function withNamedTokens(vocabulary: Vocabulary, settings: JsonObject): Vocabulary {
  const names = [...NAMED, ...MORE].flatMap((field) => tokensIn(settings[field]));
  const added = new Map(vocabulary.added.map((token) => [token.content, token]));
  for (const content of new Set(names)) {
    const known = added.get(content);
    const id = known?.id ?? vocabulary.ids.get(content);
    if (id === undefined)
      throw new TokenizerError(
        'tokenizer-value',
        `tokenizer_config.json names ${quote(content)}, for which tokenizer.json has no id: add it to the tokenizer and save both with save_pretrained`,
      );
    added.set(content, { normalized: false, ...known, id, content, special: true });
  }
  return { ...vocabulary, added: [...added.values()] };
}

/** Ids that are put before and after a text. */
export interface Around {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/**
 * What is put around a text: by `add_bos_token` and `add_eos_token` where tokenizer_config.json has
 * one of them, else by the `post_processor` of tokenizer.json. Throws {@link TokenizerError}.
 */
export function aroundText(
  postProcessor: unknown,
  settings: JsonObject,
  idOf: (token: string) => number | undefined,
): Around {
  if ('add_bos_token' in settings || 'add_eos_token' in settings) {
    const ids = (flag: string, name: 'bos_token' | 'eos_token') => {
      const token = settings[flag] === true ? tokenIn(settings, name) : undefined;
      const id = token === undefined ? undefined : idOf(token);
      return id === undefined ? [] : [id];
    };
    return { before: ids('add_bos_token', 'bos_token'), after: ids('add_eos_token', 'eos_token') };
  }
  return templateOf(postProcessor) ?? { before: [], after: [] };
}

function templateOf(processor: unknown): Around | undefined {
  if (processor === null || processor === undefined) return undefined;
  const { type, processors } = isJsonObject(processor) ? processor : {};
  if (type === 'ByteLevel') return undefined;
  if (type === 'Sequence' && Array.isArray(processors)) {
    const templates = processors.map(templateOf).filter((around) => around !== undefined);
    if (templates.length > 1) throw unsupported('several templates after one another are');
    return templates[0];
  }
  if (type !== 'TemplateProcessing')
    throw unsupported(`the post_processor ${quote(String(type))} is`);
  return readTemplate(processor as JsonObject);
}

const unsupported = (what: string) =>
  new TokenizerError(
    'tokenizer-not-supported',
    `tokenizer.json: ${what} not read here: TemplateProcessing is, which Llama, Qwen and Mistral have`,
  );

function readTemplate({ single, special_tokens }: JsonObject): Around {
  const items: readonly unknown[] = Array.isArray(single) ? single : [];
  const isText = (item: unknown) => isJsonObject(item) && isJsonObject(item['Sequence']);
  const text = items.findIndex(isText);
  const idsOf = (item: unknown): readonly number[] => {
    const token = isJsonObject(item) ? item['SpecialToken'] : undefined;
    const name = isJsonObject(token) ? String(token['id']) : '';
    const entry = isJsonObject(special_tokens) ? special_tokens[name] : undefined;
    const ids = isJsonObject(entry) ? entry['ids'] : undefined;
    if (!Array.isArray(ids) || !ids.every((id) => Number.isInteger(id)))
      throw new TokenizerError(
        'tokenizer-value',
        `tokenizer.json: its template has no ids for ${quote(name)}: save it again with save_pretrained`,
      );
    return ids;
  };
  if (text < 0 || items.filter(isText).length > 1)
    throw unsupported('a template without its text is');
  return {
    before: items.slice(0, text).flatMap(idsOf),
    after: items.slice(text + 1).flatMap(idsOf),
  };
}
