import { draw } from '../models/generation/sampling.ts';
import type { Random } from '../tensor/random.ts';

/**
 * Writes on after `prompt`, a byte at a time: each is drawn from softmax(logits / temperature) of
 * the last `context` bytes. `logits` asks the model.
 */
export async function sampleBytes(
  logits: (context: Uint8Array) => Promise<ArrayLike<number>>,
  prompt: Uint8Array,
  options: {
    readonly count: number;
    readonly context: number;
    readonly temperature: number;
    readonly random: Random;
    /** Whether to leave out the rest. Default never. */
    readonly skipped?: () => boolean;
  },
): Promise<Uint8Array> {
  const { count, context, temperature, random, skipped = () => false } = options;
  const bytes = new Uint8Array(prompt.length + count);
  bytes.set(prompt);
  for (let end = prompt.length; end < bytes.length; end++) {
    if (skipped()) return bytes.subarray(prompt.length, end);
    bytes[end] = draw(
      await logits(bytes.subarray(end - context, end)),
      { temperature },
      random.uniform(),
    );
  }
  return bytes.subarray(prompt.length);
}

/**
 * What a sample goes on from: bytes of `text` from the first word that begins in it to the beginning
 * of another one, `least` bytes or a little more, so that what is written begins at a word too. In a
 * text without white space they begin and end at a character. `text` must have 2 * `least` bytes.
 */
export function promptIn(text: Uint8Array, least: number): Uint8Array {
  const last = text.length - least;
  const start =
    find(1, Math.min(last, MOST_SOUGHT), (i) => beginsWord(text, i)) ??
    find(0, last, (i) => beginsCharacter(text, i)) ??
    0;
  const from = start + least;
  const to = Math.min(text.length, from + MOST_SOUGHT);
  const end =
    find(from, to, (i) => beginsWord(text, i)) ??
    find(from, to, (i) => beginsCharacter(text, i)) ??
    from;
  return text.subarray(start, end);
}

/** Bytes in which the beginning of a word is looked for: longer words are none. */
const MOST_SOUGHT = 64;

/** The first number from `from` to before `to` that is one. */
function find(from: number, to: number, isOne: (i: number) => boolean): number | undefined {
  for (let i = from; i < to; i++) if (isOne(i)) return i;
  return undefined;
}

function beginsWord(text: Uint8Array, i: number): boolean {
  return isSpace(text[i - 1]) && !isSpace(text[i]);
}

/** Not within a character of UTF-8. */
function beginsCharacter(text: Uint8Array, i: number): boolean {
  return ((text[i] as number) & 0xc0) !== 0x80;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/**
 * Bytes as text for people: what is not UTF-8 becomes replacement characters; control characters
 * but line ends and tabs become pictures.
 */
export function legible(bytes: Uint8Array): string {
  return Array.from(new TextDecoder().decode(bytes), picture).join('');
}

function picture(character: string): string {
  const code = character.charCodeAt(0);
  if (code === 0x7f) return '\u2421';
  // Unicode has a picture of each control character from U+2400 on.
  return code < 0x20 && character !== '\n' && character !== '\t'
    ? String.fromCharCode(0x2400 + code)
    : character;
}
