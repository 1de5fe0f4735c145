import { isJsonObject, type JsonObject } from '../../strict-json.ts';
import { TokenizerError } from '../tokenizer-error.ts';
import { bytesOfToken } from './byte-level.ts';

/** A step from tokens to text: tokens in, tokens out. */
type Step = (tokens: readonly string[]) => readonly string[];

/**
 * What makes a text of tokens, by the `decoder` of a tokenizer.json, as the Rust library does. The
 * one in JavaScript makes one replacement character of several bytes that are no UTF-8 where Rust
 * makes one of each, drops a byte order mark, and takes added tokens out of the bytes around them.
 * Throws {@link TokenizerError} for a step that is not known.
 */
export function decoderOf(config: unknown): (tokens: readonly string[]) => string {
  if (config === null || config === undefined) return (tokens) => tokens.join(' ');
  const step = stepOf(config);
  return (tokens) => step(tokens).join('');
}

const unsupported = (what: string) =>
  new TokenizerError(
    'tokenizer-not-supported',
    `tokenizer.json: ${what}; known decoders are ${[...STEPS.keys()].join(', ')}`,
  );

function stepOf(config: unknown): Step {
  const { type } = isJsonObject(config) ? config : {};
  const make = STEPS.get(String(type));
  if (!make) throw unsupported(`the decoder ${JSON.stringify(type)} is not read`);
  return make(config as JsonObject);
}

const STEPS: ReadonlyMap<string, (config: JsonObject) => Step> = new Map([
  ['Sequence', sequence],
  ['ByteLevel', () => (tokens) => [lossy(tokens.flatMap(bytesIn))]],
  ['ByteFallback', () => byteFallback],
  ['Fuse', () => (tokens) => [tokens.join('')]],
  ['Replace', replace],
  ['Strip', strip],
  ['Metaspace', metaspace],
]);

function sequence({ decoders }: JsonObject): Step {
  const steps = Array.isArray(decoders) ? decoders.map(stepOf) : [];
  return (tokens) => steps.reduce((before, step) => step(before), tokens);
}

const UTF_8 = new TextEncoder();

/** A token of a byte-level vocabulary has its bytes; another one, such as an added one, its UTF-8. */
const bytesIn = (token: string): readonly number[] =>
  bytesOfToken(token) ?? [...UTF_8.encode(token)];

const lossy = (bytes: readonly number[]): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));

function replace({ pattern, content }: JsonObject): Step {
  const from = isJsonObject(pattern) ? pattern['String'] : undefined;
  if (typeof from !== 'string' || typeof content !== 'string')
    throw unsupported('a decoder replaces something else than a string');
  return (tokens) => tokens.map((token) => token.replaceAll(from, () => content));
}

/** At most `start` of a character in front of each token, and `stop` behind it, go. */
function strip({ content, start, stop }: JsonObject): Step {
  const count = (characters: readonly string[], most: unknown): number => {
    const other = characters.findIndex((character) => character !== content);
    return Math.min(Number(most), other < 0 ? characters.length : other);
  };
  return (tokens) =>
    tokens.map((token) => {
      const left = Array.from(token);
      left.splice(0, count(left, start));
      left.reverse().splice(0, count(left, stop));
      return left.reverse().join('');
    });
}

function metaspace({ replacement, prepend_scheme }: JsonObject): Step {
  const space = typeof replacement === 'string' ? replacement : '\u2581';
  const first = prepend_scheme === 'never' ? ' ' : '';
  return (tokens) => tokens.map((token, i) => token.replaceAll(space, i === 0 ? first : ' '));
}

const BYTE = /^<0x([0-9A-Fa-f]{2})>$/;

/** Tokens that are bytes become text together; where they are no UTF-8, each is a U+FFFD. */
function byteFallback(tokens: readonly string[]): readonly string[] {
  const texts: string[] = [];
  let bytes: number[] = [];
  const flush = () => {
    if (bytes.length > 0) texts.push(strict(bytes) ?? '\uFFFD'.repeat(bytes.length));
    bytes = [];
  };
  for (const token of tokens) {
    const byte = BYTE.exec(token)?.[1];
    if (byte !== undefined) bytes.push(Number.parseInt(byte, 16));
    else {
      flush();
      texts.push(token);
    }
  }
  flush();
  return texts;
}

function strict(bytes: readonly number[]): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.from(bytes),
    );
  } catch {
    return undefined;
  }
}
