import { FormatError } from '../format-error.ts';
import { parseJsonObject } from '../strict-json.ts';
import { MOST_CONFIG_BYTES } from './config.ts';
import type { ModelFolder } from './shards.ts';
import type { TextCodec } from './tokenizer.ts';

/** The files that may name tokens at which a model ends. */
const FILES = ['generation_config.json', 'config.json'];

/**
 * The tokens at which an answer ends, `eos` of `generate`: those of `eos_token_id` in
 * generation_config.json and config.json, each one id or a list, and the tokenizer's own. Of chats
 * the end of a turn is often in a list alone. Throws FormatError for a file that is no JSON object,
 * or that names something else.
 */
export async function endTokens(
  folder: ModelFolder,
  { eos }: Pick<TextCodec, 'eos'>,
): Promise<readonly number[]> {
  const named = await Promise.all(FILES.map((name) => namedIn(folder, name)));
  return [...new Set([...named.flat(), ...(eos === undefined ? [] : [eos])])];
}

async function namedIn(folder: ModelFolder, name: string): Promise<readonly number[]> {
  const file = folder.get(name);
  if (!file) return [];
  if (file.bytes > MOST_CONFIG_BYTES)
    throw new FormatError(`${name} has ${file.bytes} bytes: it has a few hundred elsewhere`);
  const text = new TextDecoder().decode(await file.read(0, file.bytes));
  const ids = [parseJsonObject(text, name)['eos_token_id'] ?? []].flat();
  if (ids.every(isId)) return ids;
  throw new FormatError(`${name}: eos_token_id must be the id of a token, or a list of some`);
}

const isId = (x: unknown): x is number => Number.isInteger(x) && (x as number) >= 0;
