import { quote } from '../../format-error.ts';
import { isJsonObject, type JsonObject } from '../../strict-json.ts';
import { TokenizerError } from '../tokenizer-error.ts';

/** Ids beyond this are no row of a model that is known. */
const MOST_IDS = 2 ** 22;

const wrong = (what: string) =>
  new TokenizerError(
    'tokenizer-value',
    `tokenizer.json: ${what}: save it again with save_pretrained`,
  );

/** A token that texts are searched for before all else. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
}

/** A vocabulary of byte pairs, checked. */
export interface Vocabulary {
  readonly ids: ReadonlyMap<string, number>;
  readonly added: readonly (AddedToken & JsonObject)[];
  /** The `model` as it stands in the file. */
  readonly model: JsonObject;
}

/** The vocabulary of a tokenizer.json. Throws {@link TokenizerError}. */
export function vocabularyOf(pipeline: JsonObject): Vocabulary {
  const { model } = pipeline;
  if (!isJsonObject(model)) throw wrong('it has no model');
  if (model['type'] !== 'BPE')
    throw new TokenizerError(
      'tokenizer-not-supported',
      `tokenizer.json: the model ${quote(String(model['type']))} is not read here: BPE is, which Llama, Qwen and Mistral have`,
    );
  for (const field of ['dropout', 'continuing_subword_prefix', 'end_of_word_suffix'])
    if (model[field] !== null && model[field] !== undefined && model[field] !== '')
      throw new TokenizerError(
        'tokenizer-not-supported',
        `tokenizer.json: a model with ${field} is not read here: save the tokenizer without it`,
      );
  const { vocab, merges } = model;
  if (!isJsonObject(vocab)) throw wrong('the model has no vocab');
  const ids = new Map(Object.entries(vocab).map(([token, id]) => [token, idOf(id, token)]));
  if (!Array.isArray(merges) || !merges.every(isMerge))
    throw wrong('the merges of the model are no list of pairs of tokens');
  return { ids, added: addedTokensOf(pipeline['added_tokens']), model };
}

function idOf(id: unknown, token: string): number {
  if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < MOST_IDS) return id;
  throw wrong(`the id of ${quote(token)} is no whole number from 0 to ${MOST_IDS - 1}`);
}

const isMerge = (merge: unknown): boolean =>
  typeof merge === 'string'
    ? merge.split(' ').length === 2
    : Array.isArray(merge) && merge.length === 2 && merge.every((part) => typeof part === 'string');

function addedTokensOf(list: unknown): readonly (AddedToken & JsonObject)[] {
  if (list === null || list === undefined) return [];
  if (!Array.isArray(list)) throw wrong('added_tokens is no list');
  return list.map((token: unknown) => {
    if (!isJsonObject(token) || typeof token['content'] !== 'string' || token['content'] === '')
      throw wrong('an added token has no content');
    const content = token['content'];
    if (token['single_word'] === true)
      throw new TokenizerError(
        'tokenizer-not-supported',
        `tokenizer.json: the added token ${quote(content)} is found as a whole word only (single_word), which is not read here: save the tokenizer without that`,
      );
    return {
      ...token,
      content,
      id: idOf(token['id'], content),
      special: token['special'] === true,
    };
  });
}
