import { quote } from '../../format-error.ts';
import { isJsonObject, type JsonObject } from '../../strict-json.ts';
import { TokenizerError } from '../tokenizer-error.ts';

/** GPT-2's pattern, which a ByteLevel without a pattern of its own splits by. */
const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

const unsupported = (what: string) =>
  new TokenizerError(
    'tokenizer-not-supported',
    `tokenizer.json: ${what} is not read here: take a tokenizer of a Llama, Qwen or Mistral`,
  );

/** Steps of one part of the pipeline, by their types. */
type Steps = ReadonlyMap<string, (step: JsonObject) => JsonObject>;

const asItIs = (step: JsonObject) => step;
const inAll = (field: string, part: string, steps: () => Steps) => (step: JsonObject) => {
  const inner = step[field];
  if (!Array.isArray(inner)) throw unsupported(`a ${part} Sequence without a list of ${field}`);
  return { ...step, [field]: inner.map((each) => stepOf(each, part, steps())) };
};

const NORMALIZERS: Steps = new Map([
  ['Sequence', inAll('normalizers', 'normalizer', () => NORMALIZERS)],
  ['NFC', asItIs],
  ['Prepend', asItIs],
  ['Replace', replaced],
]);

const PRE_TOKENIZERS: Steps = new Map([
  ['Sequence', inAll('pretokenizers', 'pre_tokenizer', () => PRE_TOKENIZERS)],
  ['ByteLevel', byteLevel],
  ['Digits', digits],
  ['Metaspace', asItIs],
  ['Split', isolated],
]);

function stepOf(step: unknown, part: string, steps: Steps): JsonObject {
  const type = isJsonObject(step) ? String(step['type']) : '';
  const read = steps.get(type);
  if (!read) throw unsupported(`the ${part} ${quote(type)}`);
  return read(step as JsonObject);
}

/** What is done to a text before it is split, as the library is to do it. */
export const normalizerOf = (config: unknown): JsonObject | null =>
  config === null || config === undefined ? null : stepOf(config, 'normalizer', NORMALIZERS);

/** How a text is split before pieces become tokens, as the library is to do it. */
export const preTokenizerOf = (config: unknown): JsonObject | null =>
  config === null || config === undefined ? null : stepOf(config, 'pre_tokenizer', PRE_TOKENIZERS);

function replaced(step: JsonObject): JsonObject {
  const { pattern } = step;
  if (!isJsonObject(pattern) || typeof pattern['String'] !== 'string')
    throw unsupported('a normalizer that replaces something else than a string');
  return step;
}

/** The library splits by a match, or takes the matches alone. */
function isolated(step: JsonObject): JsonObject {
  const plain = step['behavior'] === 'Isolated' && step['invert'] !== true;
  const removes = step['behavior'] === 'Removed' && step['invert'] === true;
  if (!plain && !removes) throw unsupported(`a Split that is ${quote(String(step['behavior']))}`);
  return step;
}

/**
 * The library splits by JavaScript's white space, which has U+FEFF and lacks U+0085; patterns that
 * a file gives it reads as they are meant, so it gets GPT-2's as one.
 */
function byteLevel(step: JsonObject): JsonObject {
  if (step['add_prefix_space'] === true)
    throw unsupported('a ByteLevel that adds a space in front');
  if (step['use_regex'] === false) return step;
  const split = { type: 'Split', pattern: { Regex: GPT2 }, behavior: 'Isolated', invert: false };
  return { type: 'Sequence', pretokenizers: [split, { ...step, use_regex: false }] };
}

/** The library's digits are ASCII's; Rust's are all that Unicode counts as numbers. */
function digits({ individual_digits }: JsonObject): JsonObject {
  const Regex = individual_digits === true ? '\\p{N}' : '\\p{N}+';
  return { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false };
}
