import { FormatError, quote } from '../format-error.ts';

/** Which rows of a tensor llama.cpp orders by heads: those of q and k of its architecture llama. */
export function headPartOf(name: string): 'q' | 'k' | undefined {
  const [, part] = /^blk\.\d+\.attn_(q|k)\.(?:weight|bias)$/.exec(name) ?? [];
  return part as 'q' | 'k' | undefined;
}

/**
 * The rows of each head from halves, as transformers rotates them, in pairs, as llama.cpp's
 * architecture llama does (LlamaModel.permute of its conversion/llama.py). Throws FormatError where
 * they are no heads of pairs.
 */
export const inPairs = (name: string, bytes: Uint8Array, rows: number, heads: number): Uint8Array =>
  moved(name, bytes, rows, heads, (i, half) => (i % 2) * half + Math.floor(i / 2));

/** The same rows back in halves. */
export const inHalves = (
  name: string,
  bytes: Uint8Array,
  rows: number,
  heads: number,
): Uint8Array =>
  moved(name, bytes, rows, heads, (i, half) => 2 * (i % half) + Math.floor(i / half));

/** Row i of every head from its row `from`. Blocks lie along rows, so these move as they are stored. */
function moved(
  name: string,
  bytes: Uint8Array,
  rows: number,
  heads: number,
  from: (i: number, half: number) => number,
): Uint8Array {
  const half = rows / (2 * heads);
  const line = bytes.length / rows;
  if (!Number.isInteger(half) || !Number.isInteger(line))
    throw new FormatError(`${quote(name)} has ${rows} rows, which are no pairs of ${heads} heads`);
  const result = new Uint8Array(bytes.length);
  for (let row = 0; row < rows; row++) {
    const i = row % (2 * half);
    const start = (row - i + from(i, half)) * line;
    result.set(bytes.subarray(start, start + line), row * line);
  }
  return result;
}
