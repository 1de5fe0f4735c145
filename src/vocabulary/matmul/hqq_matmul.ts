import * as v from 'valibot';
import type { Shape } from '../../tensor/shape.ts';
import { HQQ_WORDS, type HqqBits, nbits } from '../quant/hqq_quantize.ts';
import { float, type Known, on, size } from '../rules.ts';
import { exactly } from '../shapes.ts';
import { signature } from '../signature.ts';

/** The format of a weight [out_features, in_features]. */
export interface HqqProductParams {
  readonly nbits: HqqBits;
  /** As hqq_quantize has it: 1 for groups along the rows. */
  readonly axis: 0 | 1;
  readonly group_size: number;
  readonly out_features: number;
  readonly in_features: number;
  /** True for y = x W^T, false for y = x W. */
  readonly transpose_weight: boolean;
}

/** The matrix of groups: a group is a row, and a row of the weight whole groups (1), or a column. */
function matrixOf({ params: p }: Known<HqqProductParams>): [number, number] {
  const { axis, group_size, out_features, in_features } = p;
  return axis === 1
    ? [out_features * exactly(in_features, group_size, 'in_features'), group_size]
    : [group_size, exactly(out_features * in_features, group_size, 'the number of weights')];
}

function scales(known: Known<HqqProductParams>): Shape {
  const [rows, columns] = matrixOf(known);
  return known.params.axis === 1 ? [rows, 1] : [1, columns];
}

function packed(known: Known<HqqProductParams>): Shape {
  const [rows, columns] = matrixOf(known);
  return [Math.ceil(rows / HQQ_WORDS[known.params.nbits].rows), columns];
}

/** A product with a weight that hqq_quantize made, decoded in registers. */
export const hqqMatmul = signature(
  { family: 'matmul', name: 'hqq_matmul' },
  v.strictObject({
    nbits,
    axis: v.optional(v.picklist([0, 1]), 1),
    group_size: v.optional(size, 64),
    out_features: size,
    in_features: size,
    transpose_weight: on,
  }),
  {
    inputs: {
      x: float(({ params: p }, actual) => [
        ...actual.slice(0, -1),
        p.transpose_weight ? p.in_features : p.out_features,
      ]),
      packed: {
        dtypes: ['U8', 'I32'],
        native: ['u8', 'i32'],
        shape: packed,
      },
      scale: float(scales),
      zero: float(scales),
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
