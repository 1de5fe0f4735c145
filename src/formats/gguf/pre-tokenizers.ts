import { quote } from '../format-error.ts';
import { TokenizerError } from '../hugging-face/tokenizer-error.ts';
import { isJsonObject, type JsonObject } from '../strict-json.ts';
import { GgufUnsupportedError } from './unsupported.ts';

const WORDS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
const REST = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const UPPER = '\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}';
const LOWER = '\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}';
const IN_FRONT = '[^\\r\\n\\p{L}\\p{N}]?';

/** How a text is split: `bytes` by GPT-2's pattern, `digit` for each by itself, or a pattern. */
const SPLITS: ReadonlyMap<string, string> = new Map([
  ['bytes', 'gpt-2'],
  ['digit bytes', 'smollm'],
  [`${WORDS}|\\p{N}{1,3}|${REST}`, 'llama-bpe'],
  [`${WORDS}|\\p{N}|${REST}`, 'qwen2'],
  [
    `${IN_FRONT}[${UPPER}]*[${LOWER}]+|${IN_FRONT}[${UPPER}]+[${LOWER}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`,
    'tekken',
  ],
]);

/** Those in which llama.cpp takes a piece that is a token whole, whatever the merges say. */
const IGNORE_MERGES = ['llama-bpe', 'tekken'];

/**
 * llama.cpp's name of the way in which a byte-level tokenizer splits a text, `tokenizer.ggml.pre`.
 * Its conversion finds it by the ids of one text, which hang on the vocabulary too; here it is found
 * by the steps. Throws {@link GgufUnsupportedError} for steps that have no name.
 */
export function preTokenizerName({ pre_tokenizer, normalizer, model }: JsonObject): string {
  const steps = stepsOf(pre_tokenizer).join(' ');
  const name = SPLITS.get(steps);
  const types = stepTypes(normalizer);
  const isPlain = types.length === 0 || (name === 'qwen2' && types.join() === 'NFC');
  const ignores = isJsonObject(model) && model['ignore_merges'] === true;
  if (!name || !isPlain || (ignores && !IGNORE_MERGES.includes(name)))
    throw new GgufUnsupportedError(
      `the tokenizer splits a text by ${quote([...types, steps || 'nothing'].join(' '))}${ignores ? ' without merges' : ''}, for which llama.cpp has no name`,
    );
  return name;
}

/** The steps of one part of a pipeline, those of a sequence one after the other. */
function flat(part: unknown, list: string): readonly JsonObject[] {
  if (!isJsonObject(part)) return [];
  const inner = part['type'] === 'Sequence' ? part[list] : undefined;
  return Array.isArray(inner) ? inner.flatMap((each) => flat(each, list)) : [part];
}

const stepTypes = (normalizer: unknown) =>
  flat(normalizer, 'normalizers').map(({ type }) => String(type));

function stepsOf(part: unknown): readonly string[] {
  return flat(part, 'pretokenizers').flatMap((step) => {
    if (step['type'] === 'ByteLevel') return step['use_regex'] === false ? [] : ['bytes'];
    if (step['type'] === 'Digits' && step['individual_digits'] === true) return ['digit'];
    const pattern = isJsonObject(step['pattern']) ? step['pattern']['Regex'] : undefined;
    return [typeof pattern === 'string' ? pattern : String(step['type'])];
  });
}

/** Names of llama.cpp for a way to split that has another name too. */
const SAME: ReadonlyMap<string, string> = new Map([
  ['llama3', 'llama-bpe'],
  ['llama-v3', 'llama-bpe'],
  ['deepseek-r1-qwen', 'qwen2'],
  ['pixtral', 'tekken'],
]);

const BYTES = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true };

/**
 * The steps of a tokenizer.json of Hugging Face that llama.cpp's name of a way to split stands for,
 * and whether a piece that is a token is taken whole. Throws TokenizerError for other names.
 */
export function splittingOf(given: string): JsonObject {
  const name = SAME.get(given) ?? given;
  const steps = [...SPLITS].find(([, known]) => known === name)?.[0];
  if (steps === undefined)
    throw new TokenizerError(
      'tokenizer-not-supported',
      `tokenizer.ggml.pre is ${quote(given)}: known are ${[...SPLITS.values(), ...SAME.keys()].join(', ')}`,
    );
  return {
    normalizer: name === 'qwen2' ? { type: 'NFC' } : null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: pretokenizersOf(steps) },
    ignore_merges: IGNORE_MERGES.includes(name),
  };
}

function pretokenizersOf(steps: string): readonly JsonObject[] {
  const bytes = { ...BYTES, use_regex: true };
  if (steps === 'bytes') return [bytes];
  if (steps === 'digit bytes') return [{ type: 'Digits', individual_digits: true }, bytes];
  const split = { type: 'Split', pattern: { Regex: steps }, behavior: 'Isolated', invert: false };
  return [split, { ...BYTES, use_regex: false }];
}
