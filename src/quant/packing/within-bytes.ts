/** How codes lie in bytes. */
export interface Packing {
  /** Bytes that `count` codes take. */
  readonly bytesOf: (count: number) => number;
  /** The bytes of `codes`; `padding` is the code of the places that are left in the last one. */
  readonly pack: (codes: ArrayLike<number>, padding: number) => Uint8Array<ArrayBuffer>;
  /** The code of element `i`. */
  readonly codeAt: (bytes: ArrayLike<number>, i: number) => number;
}

/**
 * Codes of `bits` bits that divide 8; the first of a byte stands in its high bits or in its low
 * ones.
 */
export function withinBytes(bits: 1 | 2 | 4 | 8, first: 'high' | 'low'): Packing {
  const perByte = 8 / bits;
  const shiftOf = (i: number) => {
    const place = i % perByte;
    return bits * (first === 'low' ? place : perByte - 1 - place);
  };
  return {
    bytesOf: (count) => Math.ceil(count / perByte),
    pack: (codes, padding) => {
      const bytes = new Uint8Array(Math.ceil(codes.length / perByte));
      for (let i = 0; i < bytes.length * perByte; i++) {
        const at = Math.floor(i / perByte);
        bytes[at] = (bytes[at] as number) | ((codes[i] ?? padding) << shiftOf(i));
      }
      return bytes;
    },
    codeAt: (bytes, i) =>
      ((bytes[Math.floor(i / perByte)] as number) >> shiftOf(i)) & (2 ** bits - 1),
  };
}
