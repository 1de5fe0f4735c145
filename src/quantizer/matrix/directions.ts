/** What a cell of the matrix executes of a method. */
export const DIRECTIONS = ['quantize', 'dequantize', 'product', 'gradient'] as const;
export type Direction = (typeof DIRECTIONS)[number];
