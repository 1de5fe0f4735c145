import { TokenizerError } from '../tokenizer-error.ts';
import { bytesOfToken } from './byte-level.ts';
import { composedParts } from './composed-parts.ts';
import type { Encoded } from './encoder.ts';

/** Where a token stands in its text, in UTF-16 units: from `start` up to `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Whether a token has a part of one of these parts of its text. */
export const isPartOf = (token: Span, parts: readonly Span[]): boolean =>
  parts.some(({ start, end }) => token.start < end && start < token.end);

/** How a vocabulary writes text. */
export interface Writing {
  /** Tokens are bytes, each as one character; else they are text, with U+2581 for a space. */
  readonly byteLevel: boolean;
  /** Whether texts are composed first (NFC). */
  readonly composed: boolean;
  /** Added tokens that stand in a text as they are. */
  readonly added: ReadonlySet<string>;
  /** Added tokens that stand in what a normalizer makes of a text, as it makes them. */
  readonly normalized: ReadonlySet<string>;
}

/**
 * Where each token of a text stands in it. A token with a part of a character has all of it. The
 * library does not tell, so bytes are counted: the tokens between two added ones are the bytes of
 * the text between these, and perhaps a space in front. Throws {@link TokenizerError} where they
 * are not.
 */
export function spansOf(text: string, { tokens }: Encoded, writing: Writing): readonly Span[] {
  const spans: Span[] = [];
  let at = 0;
  for (let i = 0; i < tokens.length; ) {
    const token = tokens[i] as string;
    if (writing.added.has(token)) {
      const start = text.indexOf(token, at);
      if (start < 0) throw notThere();
      at = start + token.length;
      spans.push({ start, end: at });
      i++;
      continue;
    }
    let next = i + 1;
    while (next < tokens.length && !writing.added.has(tokens[next] as string)) next++;
    const run = tokens.slice(i, next);
    const end = next < tokens.length ? text.indexOf(tokens[next] as string, at) : text.length;
    if (end < 0) throw notThere();
    for (const span of spansOfRun(text.slice(at, end), run, writing)) spans.push(moved(span, at));
    at = end;
    i = next;
  }
  return spans;
}

const notThere = () =>
  new TokenizerError(
    'tokenizer-not-supported',
    'the tokens of a text are not the bytes of it, so none can be told to be an answer: take a tokenizer of a Llama, Qwen or Mistral',
  );

const moved = ({ start, end }: Span, by: number): Span => ({ start: start + by, end: end + by });

const UTF_8 = new TextEncoder();
const SPACE = 0x20;
const META = '\u2581';

function spansOfRun(text: string, tokens: readonly string[], writing: Writing): readonly Span[] {
  const pieces = tokens.map((token) => bytesIn(token, writing));
  const bytes = pieces.flat();
  // Spaces beside an added token may belong to it.
  const lead = text.length - text.trimStart().length;
  const shapes = [
    { cut: 0, text },
    { cut: 0, text: text.trimEnd() },
    { cut: lead, text: text.slice(lead) },
  ];
  for (const shape of [...shapes, { cut: lead, text: text.trim() }]) {
    const places = placesOf(shape.text, writing);
    const extra = bytes.length - places.length;
    const given = places.map(({ byte }) => byte);
    if (extra < 0 || extra > 1 || (extra === 1 && bytes[0] !== SPACE)) continue;
    if (!given.every((byte, place) => byte === bytes[place + extra])) continue;
    // A space that was put in front stands where the text begins.
    const all = extra === 1 ? [{ byte: SPACE, start: 0, end: 0 }, ...places] : places;
    let from = 0;
    return pieces.map(({ length }) => {
      const part = all.slice(from, from + length);
      from += length;
      return moved({ start: part[0]?.start ?? 0, end: part.at(-1)?.end ?? 0 }, shape.cut);
    });
  }
  throw notThere();
}

const FALLBACK = /^<0x([0-9A-F]{2})>$/;

function bytesIn(token: string, { byteLevel, normalized }: Writing): readonly number[] {
  if (byteLevel && normalized.has(token)) return [...UTF_8.encode(token)];
  if (byteLevel) return bytesOfToken(token) ?? [...UTF_8.encode(token)];
  const byte = FALLBACK.exec(token)?.[1];
  if (byte !== undefined) return [Number.parseInt(byte, 16)];
  return [...UTF_8.encode(token.replaceAll(META, ' '))];
}

/** The bytes of a text as tokens write it, each with where its character stands. */
function placesOf(
  text: string,
  { byteLevel, composed }: Writing,
): readonly (Span & { readonly byte: number })[] {
  const whole = composed && text.normalize('NFC') !== text;
  const parts = whole ? composedParts(text) : Array.from(text);
  let start = 0;
  return parts.flatMap((part) => {
    const from = start;
    start += part.length;
    const written = whole ? part.normalize('NFC') : part;
    const bytes = UTF_8.encode(byteLevel ? written : written.replaceAll(META, ' '));
    return Array.from(bytes, (byte) => ({ byte, start: from, end: start }));
  });
}
