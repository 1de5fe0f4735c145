/** Bits of a code, and elements of a row that share a scale. */
export interface NbitsFormat {
  readonly bits: 2 | 4 | 8;
  readonly block_size: 16 | 32 | 64 | 128 | 256;
}

/** Widths and blocks that MatMulNBits has. */
export const NBITS = [4, 8, 2] as const satisfies readonly NbitsFormat['bits'][];
export const NBITS_BLOCKS = [
  128, 32, 16, 64, 256,
] as const satisfies readonly NbitsFormat['block_size'][];

/** How MatMulNBits of ONNX Runtime lays out the rows of a weight [out, in]. */
interface RowLayout {
  /** Of a row, the last one perhaps short. */
  readonly blocks: number;
  /** Of a row, with those that fill its last block up. */
  readonly codes: number;
  /** Of a block's codes. */
  readonly blockBytes: number;
  /** Of a row's zero points. */
  readonly zeroBytes: number;
  /** Of a row, with those that fill its last byte up. */
  readonly zeros: number;
}

/** The layout of rows of `width` elements. */
export function rowLayout(width: number, { bits, block_size }: NbitsFormat): RowLayout {
  const blocks = Math.ceil(width / block_size);
  const zeroBytes = Math.ceil((blocks * bits) / 8);
  return {
    blocks,
    codes: blocks * block_size,
    blockBytes: (block_size * bits) / 8,
    zeroBytes,
    zeros: (zeroBytes * 8) / bits,
  };
}

/** The zero point of a weight that has none of its own: the code in the middle. */
export const middleOf = ({ bits }: Pick<NbitsFormat, 'bits'>): number => 2 ** (bits - 1);
