import { float64Of, STORED_BYTES, type StoredDType, type StoredTensor } from './stored.ts';

/** The first element that is NaN or infinite. */
export interface NotFinite {
  /** In row-major order. */
  readonly index: number;
  readonly value: number;
}

/** Masks over the halves or the one float of a word of 32 bits. */
interface Bits {
  readonly exponent: number;
  readonly lowest: number;
  readonly sign: number;
}

/** Floats that models come in. */
const BITS: Partial<Readonly<Record<StoredDType, Bits>>> = {
  F32: { exponent: 0x7f80_0000, lowest: 0x0080_0000, sign: 0x8000_0000 },
  F16: { exponent: 0x7c00_7c00, lowest: 0x0400_0400, sign: 0x8000_8000 },
  BF16: { exponent: 0x7f80_7f80, lowest: 0x0080_0080, sign: 0x8000_8000 },
};

/** Bytes that are looked at as a whole, few enough to stay in the nearest cache. */
const CHUNK_BYTES = 2 ** 15;

/** The first element of a tensor of floats that is not finite; undefined of any other tensor. */
export function firstNotFinite({ dtype, bytes }: StoredTensor): NotFinite | undefined {
  const bits = BITS[dtype];
  if (!bits) return undefined;
  const words = new Int32Array(CHUNK_BYTES / 4);
  // The bytes of a file need not lie where words may, nor fill the last one.
  const chunk = new Uint8Array(words.buffer);
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    const part = bytes.subarray(at, at + CHUNK_BYTES);
    chunk.set(part);
    chunk.fill(0, part.length);
    if (!hasNotFinite(words, bits)) continue;
    const width = STORED_BYTES[dtype];
    const values = float64Of({ dtype, shape: [part.length / width], bytes: part });
    const i = values.findIndex((value) => !Number.isFinite(value));
    return { index: at / width + i, value: values[i] as number };
  }
  return undefined;
}

/** An exponent of ones is that of NaN and infinities: one more carries into the sign. */
function hasNotFinite(words: Int32Array, { exponent, lowest, sign }: Bits): boolean {
  let carried = 0;
  for (let i = 0; i < words.length; i++) carried |= ((words[i] as number) & exponent) + lowest;
  return (carried & sign) !== 0;
}
