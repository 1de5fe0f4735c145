import type { Packing } from '../../quant/packing/packing.ts';

/** The bytes of words of 32 bits, whose sign counts as a bit. */
function bytesOf(words: Float64Array): Uint8Array {
  return new Uint8Array(Int32Array.from(words, (word) => word | 0).buffer);
}

/** Codes as words of 32 bits, which they fill up. */
export function packWords(codes: ArrayLike<number>, packing: Packing): Float64Array {
  return Float64Array.from(new Int32Array(packing.pack(codes, 0).buffer));
}

/** The codes of words: `count` of them. */
export function unpackWords(words: Float64Array, count: number, packing: Packing): Uint8Array {
  const bytes = bytesOf(words);
  return Uint8Array.from({ length: count }, (_, i) => packing.codeAt(bytes, i));
}

/** Whether the bits that each code has in word `w` are those of a right one. */
export function acceptsWord(
  word: number,
  w: number,
  rightCodes: (i: number) => readonly number[],
  packing: Packing,
): boolean {
  if ((word | 0) !== word) return false;
  const bytes = bytesOf(Float64Array.of(word));
  return bytes.every((byte, k) => {
    const [first, end] = packing.elementsIn(4 * w + k);
    return Array.from({ length: end - first }, (_, j) => first + j).every((i) =>
      rightCodes(i).some((code) => {
        const { mask, value } = packing.bitsIn(4 * w + k, i, code);
        return (byte & mask) === value;
      }),
    );
  });
}
