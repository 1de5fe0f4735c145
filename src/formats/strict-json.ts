import { messageOf } from '../errors.ts';
import { FormatError, quote } from './format-error.ts';

/**
 * A JSON value as it is parsed. Objects may hold any key, `__proto__` included, as an own property.
 */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a parsed JSON value is an object, not an array or null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Parses the JSON object `text`, which `what` names in messages. Throws FormatError, also on a key
 * that an object has twice.
 */
export function parseJsonObject(text: string, what: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${what} is not JSON: ${quote(messageOf(cause))}`, { cause });
  }
  if (!isJsonObject(value)) throw new FormatError(`${what} is not a JSON object`);
  const twice = repeatedKey(text);
  if (twice !== undefined) throw new FormatError(`${what} has the key ${quote(twice)} twice`);
  return value;
}

/**
 * Brackets and strings of valid JSON; a string before a colon is a key. Unrolled, so that long
 * strings do not backtrack.
 */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"(?:\s*(:))?|[{}[\]]/g;

/**
 * The first key that an object of the valid JSON `text` has twice; JSON.parse would keep the last
 * silently.
 */
function repeatedKey(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (const [token, colon] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (colon) {
      const key = JSON.parse(token.slice(0, token.lastIndexOf('"') + 1)) as string;
      const keys = open.at(-1) as Set<string>;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}
