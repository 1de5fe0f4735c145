/** Codes of several slices of a matrix's rows side by side in a word. */
export interface RowSlices {
  /** Slices. */
  readonly rows: number;
  /** Bits of a code in the word. */
  readonly bits: number;
}

/**
 * Codes i, i + count, i + 2 count, ... in word i of `count`, the first in the highest bits; codes
 * past the last are 0.
 */
export function packSlices(
  codes: Float64Array,
  count: number,
  { rows, bits }: RowSlices,
): Float64Array {
  return Float64Array.from({ length: count }, (_, i) =>
    Array.from({ length: rows }).reduce<number>(
      (word, _slice, k) => word * 2 ** bits + (codes[k * count + i] ?? 0),
      0,
    ),
  );
}

/** The first `n` codes of words; what is no word of codes gives what is none. */
export function unpackSlices(
  words: Float64Array,
  n: number,
  { rows, bits }: RowSlices,
): Float64Array {
  const count = words.length;
  return Float64Array.from({ length: n }, (_, i) => {
    const slice = Math.floor(i / count);
    const rest = (words[i % count] as number) / 2 ** (bits * (rows - 1 - slice));
    return Math.floor(rest) % 2 ** bits;
  });
}
