import * as v from 'valibot';
import type { Shape } from '../../tensor/shape.ts';
import { codes, float, type Known, on, size } from '../rules.ts';
import { exactly } from '../shapes.ts';
import { signature } from '../signature.ts';

/** The format of a weight [out_features, in_features], of whole groups along its rows or columns. */
export interface QuantoProductParams {
  /** Of a code. */
  readonly bits: 4 | 2;
  /** As quanto_quantize has it: 0 for groups along the rows, -1 along the columns. */
  readonly axis: 0 | -1;
  readonly group_size: number;
  readonly out_features: number;
  readonly in_features: number;
  /** True for y = x W^T, false for y = x W. */
  readonly transpose_weight: boolean;
}

/** The matrix whose rows (axis 0) or columns (axis -1) are groups, which fill the weight. */
export function quantoMatrix({
  axis,
  group_size,
  out_features,
  in_features,
}: Omit<QuantoProductParams, 'bits' | 'transpose_weight'>): readonly [
  rows: number,
  columns: number,
] {
  const groups = (out_features * in_features) / group_size;
  return axis === 0 ? [groups, group_size] : [group_size, groups];
}

/** The same of parameters that were given. Throws SignatureError where groups do not fill the weight. */
function matrixOf({ params: p }: Known<QuantoProductParams>): readonly [number, number] {
  const along = p.axis === 0 ? 'in_features' : 'out_features';
  exactly(p[along], p.group_size, along);
  return quantoMatrix(p);
}

function scales(known: Known<QuantoProductParams>): Shape {
  const [rows, columns] = matrixOf(known);
  return known.params.axis === 0 ? [rows, 1] : [1, columns];
}

function packed(known: Known<QuantoProductParams>): Shape {
  const [rows, columns] = matrixOf(known);
  return [Math.ceil((rows * known.params.bits) / 8), columns];
}

/** A product with a weight that quanto_quantize made of qint4 or qint2, decoded in registers. */
export const quantoMatmul = signature(
  { family: 'matmul', name: 'quanto_matmul' },
  v.strictObject({
    bits: v.picklist([4, 2]),
    axis: v.optional(v.picklist([0, -1]), 0),
    group_size: size,
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
      packed: codes(packed),
      scale: float(scales),
      shift: float(scales),
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
