import * as v from 'valibot';
import type { Shape } from '../../tensor/shape.ts';
import { HQQ_WORDS, type HqqBits, nbits } from '../quant/hqq_quantize.ts';
import { float, type Known, on, size } from '../rules.ts';
import { exactly } from '../shapes.ts';
import { signature } from '../signature.ts';

/** The format of a weight [out_features, in_features] with groups along its rows. */
export interface HqqProductParams {
  readonly nbits: HqqBits;
  readonly group_size: number;
  readonly out_features: number;
  readonly in_features: number;
  /** True for y = x W^T, false for y = x W. */
  readonly transpose_weight: boolean;
}

/** Groups of the weight; those of a row are whole. */
function groupsOf({ params: p }: Known<HqqProductParams>): number {
  return p.out_features * exactly(p.in_features, p.group_size, 'in_features');
}

const scales = (known: Known<HqqProductParams>): Shape => [groupsOf(known), 1];

/** A product with a weight that hqq_quantize made with axis 1, decoded in registers. */
export const hqqMatmul = signature(
  { family: 'matmul', name: 'hqq_matmul', inBundles: false },
  v.strictObject({
    nbits,
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
        shape: (known) => [
          Math.ceil(groupsOf(known) / HQQ_WORDS[known.params.nbits].rows),
          known.params.group_size,
        ],
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
