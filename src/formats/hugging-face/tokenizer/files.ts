import { messageOf } from '../../../errors.ts';
import { isJsonObject, type JsonObject, parseJsonObject } from '../../strict-json.ts';
import type { ModelFolder } from '../shards.ts';
import { TokenizerError } from '../tokenizer-error.ts';

/** A tokenizer.json of 256,000 tokens has some 35 megabytes. */
const MOST_BYTES = 2 ** 26;

const PIPELINE = 'tokenizer.json';
const SETTINGS = 'tokenizer_config.json';
const SPECIALS = 'special_tokens_map.json';
const TEMPLATE = 'chat_template.jinja';
/** What a tokenizer is beside a tokenizer.json: SentencePiece's own file, and the older ones of BPE. */
const OTHERS = ['tokenizer.model', 'spiece.model', 'tekken.json', 'vocab.json'];

/** What the files of a tokenizer say. */
export interface TokenizerFiles {
  readonly pipeline: JsonObject;
  /** Fields of tokenizer_config.json; where it has none of a name, those of special_tokens_map.json. */
  readonly settings: JsonObject;
  readonly chatTemplate: string | undefined;
}

/** Reads the files of a tokenizer. Throws {@link TokenizerError} for what is missing or broken. */
export async function tokenizerFiles(folder: ModelFolder): Promise<TokenizerFiles> {
  const pipeline = await objectIn(folder, PIPELINE);
  if (!pipeline) throw new TokenizerError('tokenizer-missing', whatIsMissing(folder));
  const specials = await objectIn(folder, SPECIALS);
  const config = await objectIn(folder, SETTINGS);
  const settings = { ...specials, ...config };
  const template = await textIn(folder, TEMPLATE);
  return { pipeline, settings, chatTemplate: template ?? templateOf(settings['chat_template']) };
}

function whatIsMissing(folder: ModelFolder): string {
  const other = OTHERS.find((name) => folder.has(name));
  const found = other === undefined ? '' : `, and ${other} alone is not read`;
  return `the folder has no ${PIPELINE}${found}: save the tokenizer with save_pretrained of transformers`;
}

async function textIn(folder: ModelFolder, name: string): Promise<string | undefined> {
  const file = folder.get(name);
  if (!file) return undefined;
  if (file.bytes > MOST_BYTES)
    throw new TokenizerError(
      'tokenizer-file',
      `${name} has ${file.bytes} bytes, and at most ${MOST_BYTES} are read: is it the right file?`,
    );
  const bytes = file.bytes > 0 ? await file.read(0, file.bytes) : new Uint8Array();
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const message = `${name} is no text in UTF-8 (${messageOf(cause)}): copy it again`;
    throw new TokenizerError('tokenizer-file', message, { cause });
  }
}

async function objectIn(folder: ModelFolder, name: string): Promise<JsonObject | undefined> {
  const text = await textIn(folder, name);
  if (text === undefined) return undefined;
  try {
    return parseJsonObject(text, name);
  } catch (cause) {
    throw new TokenizerError('tokenizer-file', `${messageOf(cause)}: copy it again`, { cause });
  }
}

/** A template, or of several with names the one for chats. */
function templateOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  const named = Array.isArray(value) ? value.filter(isJsonObject) : [];
  const template = named.find(({ name }) => name === 'default')?.['template'];
  return typeof template === 'string' ? template : undefined;
}
