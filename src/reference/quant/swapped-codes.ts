import type { ShaderFault } from '../record.ts';

/** Decoding takes each code for its neighbour: of 4-bit formats, nibbles are swapped. */
export function swappedCodes(file: string): ShaderFault {
  const first = 'value(codes & MASK), value((codes >> BITS) & MASK)';
  const firstSwapped = 'value((codes >> BITS) & MASK), value(codes & MASK)';
  const last = 'value((codes >> (2u * BITS)) & MASK), value((codes >> (3u * BITS)) & MASK)';
  const lastSwapped = 'value((codes >> (3u * BITS)) & MASK), value((codes >> (2u * BITS)) & MASK)';
  return {
    shader: { file, from: `${first}, ${last}`, to: `${firstSwapped}, ${lastSwapped}` },
  };
}
