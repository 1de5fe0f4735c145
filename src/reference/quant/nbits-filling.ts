import { type NbitsFormat, rowLayout } from '../../quant/nbits/layout.ts';

/** A code past the end of its row, and the one that stands there in the byte before. */
export interface Repeat {
  readonly at: number;
  readonly of: number;
}

/**
 * What ONNX Runtime leaves past the ends of rows of `cols`: it makes the blocks of a byte of zero
 * points in one loop, which fills a byte that begins with codes up with what the byte before has
 * there. A byte that begins such a loop is filled up with 0, as all that follows is.
 */
export function repeatsOf(rows: number, cols: number, format: NbitsFormat): readonly Repeat[] {
  const inByte = 8 / format.bits;
  const first = cols - (cols % inByte);
  if (first % (inByte * format.block_size) === 0) return [];
  const { codes } = rowLayout(cols, format);
  const left = first === cols ? 0 : inByte - (cols - first);
  return Array.from({ length: rows * left }, (_, k) => {
    const at = Math.floor(k / left) * codes + cols + (k % left);
    return { at, of: at - inByte };
  });
}
