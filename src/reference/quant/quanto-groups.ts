import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { QuantoProductParams } from '../../vocabulary/matmul/quanto_matmul.ts';
import { type QuantoParams, quantoGroups } from '../../vocabulary/quant/quanto_quantize.ts';
import type { Value } from '../record.ts';

/** The matrix of groups: where its elements lie in the weight, and to which group they belong. */
export interface Groups {
  readonly shape: Shape;
  readonly scaleShape: Shape;
  readonly placeOf: (i: number) => number;
  readonly groupOf: (i: number) => number;
  /** The elements of each group. */
  readonly members: readonly Float64Array[];
}

/** The groups of a weight, as torch's reshape and permute lay them out. */
export function groupsOf({ shape: weight, data }: Value, params: QuantoParams): Groups {
  const { shape, scale, length, inColumns, apart } = quantoGroups(weight, params);
  const count = sizeOf(scale);
  const parts = count / apart; // of a column of the weight
  const groupOf = (i: number) => (inColumns ? i % count : Math.floor(i / length));
  const placeOf = (i: number) => {
    if (!inColumns) return i;
    const row = Math.floor(i / count);
    const group = i % count;
    return ((group % parts) * length + row) * apart + Math.floor(group / parts);
  };
  const members = Array.from({ length: count }, (_, g) =>
    Float64Array.from({ length }, (_element, j) =>
      Number(data[placeOf(inColumns ? j * count + g : g * length + j)]),
    ),
  );
  return { shape, scaleShape: scale, placeOf, groupOf, members };
}

/** Codes side by side in bytes, those of the first rows in the lowest bits. */
export function packSlices(codes: ArrayLike<number>, bytes: number, bits: number): Float64Array {
  return Float64Array.from({ length: bytes }, (_, p) =>
    slices(bits).reduce((byte, k) => byte + (codes[p + k * bytes] ?? 0) * 2 ** (k * bits), 0),
  );
}

/** The slices that share a byte. */
export const slices = (bits: number) => Array.from({ length: 8 / bits }, (_, k) => k);

/** Where element `i` of a weight [out, in] lies in the matrix of groups, and to which it belongs. */
export function placeIn({
  axis,
  group_size,
  out_features,
  in_features,
}: Omit<QuantoProductParams, 'bits' | 'transpose_weight'>): (i: number) => {
  readonly place: number;
  readonly group: number;
} {
  if (axis === 0) return (i) => ({ place: i, group: Math.floor(i / group_size) });
  const parts = out_features / group_size;
  return (i) => {
    const row = Math.floor(i / in_features);
    const group = (i % in_features) * parts + Math.floor(row / group_size);
    return { place: (row % group_size) * in_features * parts + group, group };
  };
}

/** The code of element `i` in packed bytes. */
export function codeIn({ data }: Value, i: number, bits: number): number {
  const byte = data[i % data.length] as number;
  return (byte >> (bits * Math.floor(i / data.length))) & (2 ** bits - 1);
}

/** The shape of the bytes. */
export function packedShape(
  { shape: [rows = 0, ...rest] }: Pick<Groups, 'shape'>,
  bits: number,
): Shape {
  return [Math.ceil((rows * bits) / 8), ...rest];
}
