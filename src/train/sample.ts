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
  },
): Promise<Uint8Array> {
  const { count, context, temperature, random } = options;
  const bytes = new Uint8Array(prompt.length + count);
  bytes.set(prompt);
  for (let end = prompt.length; end < bytes.length; end++) {
    bytes[end] = draw(
      await logits(bytes.subarray(end - context, end)),
      temperature,
      random.uniform(),
    );
  }
  return bytes.subarray(prompt.length);
}

/**
 * The index at which the cumulated softmax of `logits / temperature` passes `threshold`, which is
 * in [0, 1).
 */
export function draw(logits: ArrayLike<number>, temperature: number, threshold: number): number {
  const highest = Array.from(logits).reduce((max, x) => Math.max(max, x), Number.NEGATIVE_INFINITY);
  const weights = Float64Array.from(logits, (x) => Math.exp((x - highest) / temperature));
  let rest = threshold * weights.reduce((sum, x) => sum + x, 0);
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] as number;
    if (weight > 0) last = i;
    rest -= weight;
    if (rest < 0) return i;
  }
  return last; // rounding may leave a remainder
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
