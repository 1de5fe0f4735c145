import * as v from 'valibot';
import { float, on, onlyWhen, optional, size } from '../rules.ts';
import { blocks, like } from '../shapes.ts';
import { signature } from '../signature.ts';

/** What codes of 8 bits stand for: themselves, a float of 8 bits, or a number of a map. */
const BYTE_CODES = ['int8', 'uint8', 'map', 'e4m3', 'e4m3fnuz', 'e5m2'] as const;
export type ByteCodes = (typeof BYTE_CODES)[number];

/** Whether codes stand for whole numbers, from which a zero point may be taken. */
export const areIntegers = ({ codes }: { readonly codes: ByteCodes }): boolean =>
  codes === 'int8' || codes === 'uint8';

/** A weight [out_features, in_features] in codes of 8 bits, and which way it lies. */
export interface ByteProductParams {
  readonly codes: ByteCodes;
  /** 0 for scales of blocks of the flat weight, -1 for one of each column, as Quanto counts axes. */
  readonly axis: 0 | -1;
  /** Elements that share one scale: so many of the flat weight, or the whole column. */
  readonly blocksize: number;
  readonly out_features: number;
  readonly in_features: number;
  /** True for y = x W^T, false for y = x W. */
  readonly transpose_weight: boolean;
}

/**
 * A product with a weight of ONNX's, Quanto's or bitsandbytes' in codes of 8 bits, each less the zero
 * point of its block and times its scale, decoded in registers.
 */
export const matmul8bit = signature(
  { family: 'matmul', name: 'matmul_8bit' },
  v.pipe(
    v.strictObject({
      codes: v.picklist(BYTE_CODES),
      axis: v.optional(v.picklist([0, -1]), 0),
      blocksize: size,
      out_features: size,
      in_features: size,
      transpose_weight: on,
    }),
    v.check(
      (p) => p.axis === 0 || p.blocksize === p.out_features,
      'a column shares its scale whole',
    ),
  ),
  {
    inputs: {
      x: float(({ params: p }, actual) => [
        ...actual.slice(0, -1),
        p.transpose_weight ? p.in_features : p.out_features,
      ]),
      q: {
        dtypes: ['I8', 'U8'],
        native: ['i8', 'u8'],
        shape: ({ params: p }) => [p.out_features, p.in_features],
      },
      // Columns of blocksize elements are as many as blocks of them.
      scale: float(({ params: p }) => [blocks(p.out_features * p.in_features, p.blocksize)]),
      zero_point: onlyWhen(
        areIntegers,
        optional({ dtypes: ['I8', 'U8'], native: ['i8', 'u8'], shape: like('scale') }),
      ),
      code: onlyWhen(({ codes }: ByteProductParams) => codes === 'map', float('[256]')),
    },
    outputs: {
      y: float(({ shape, params: p }) => [
        ...shape('x').slice(0, -1),
        p.transpose_weight ? p.out_features : p.in_features,
      ]),
    },
    gradients: ['x'],
  },
);
