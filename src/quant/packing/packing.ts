/** How codes lie in bytes. */
export interface Packing {
  /** Bits of a code. */
  readonly bits: number;
  /** Bytes that `count` codes take. */
  readonly bytesOf: (count: number) => number;
  /** The bytes of `codes`; `padding` is the code of the places that are left in the last one. */
  readonly pack: (codes: ArrayLike<number>, padding: number) => Uint8Array<ArrayBuffer>;
  /** The code of element `i`. */
  readonly codeAt: (bytes: ArrayLike<number>, i: number) => number;
  /** The bits of byte `k` that a code of element `i` has there: a mask, and their values. */
  readonly bitsIn: (
    k: number,
    i: number,
    code: number,
  ) => { readonly mask: number; readonly value: number };
  /** The elements whose codes have bits in byte `k`: the first, and the one after the last. */
  readonly elementsIn: (k: number) => readonly [first: number, end: number];
}

/**
 * Codes of `bits` bits, at most 8, one after the other from the lowest bit of the first byte up,
 * some of them over two bytes. Where `bits` divides 8, the first of a byte may stand in its high
 * bits.
 */
export function packing(bits: number, first: 'high' | 'low' = 'low'): Packing {
  const codeMask = 2 ** bits - 1;
  const bytesOf = (count: number) => Math.ceil((count * bits) / 8);
  const bitOf = (i: number) =>
    first === 'low' ? i * bits : 8 * Math.floor((i * bits) / 8) + (8 - bits - ((i * bits) % 8));
  const bitsIn = (k: number, i: number, code: number) => {
    const shift = bitOf(i) - 8 * k;
    const inByte = (pattern: number) => Math.floor(pattern * 2 ** shift) & 255;
    return { mask: inByte(codeMask), value: inByte(code) };
  };
  const elementsIn = (k: number) =>
    [Math.floor((8 * k) / bits), Math.ceil((8 * (k + 1)) / bits)] as const;
  return {
    bits,
    bytesOf,
    pack: (codes, padding) =>
      Uint8Array.from({ length: bytesOf(codes.length) }, (_, k) => {
        const [start, end] = elementsIn(k);
        let byte = 0;
        for (let i = start; i < end; i++) byte |= bitsIn(k, i, codes[i] ?? padding).value;
        return byte;
      }),
    codeAt: (bytes, i) => {
      const bit = bitOf(i);
      const k = Math.floor(bit / 8);
      const pair = (bytes[k] as number) | ((bytes[k + 1] ?? 0) << 8);
      return (pair >> (bit % 8)) & codeMask;
    },
    bitsIn,
    elementsIn,
  };
}
