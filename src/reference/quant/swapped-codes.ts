import type { ShaderFault } from '../record.ts';

/** Decoding takes each code for its neighbour: of 4-bit formats, nibbles are swapped. */
export function swappedCodes(file: string): ShaderFault {
  const code = (up: string, down: string) => `value(code_at(codes, ${up}, ${down}))`;
  const later = (by: string) => code(`up << ${by}`, `down / f32(1u << ${by})`);
  const first = code('up', 'down');
  const second = later('BITS');
  const third = later('(2u * BITS)');
  const fourth = later('(3u * BITS)');
  return {
    shader: {
      file,
      from: [first, second, third, fourth].join(', '),
      to: [second, first, fourth, third].join(', '),
    },
  };
}
