import * as v from 'valibot';
import type { Shape } from '../../tensor/shape.ts';
import { codes, float, type Known, on, size } from '../rules.ts';
import { exactly } from '../shapes.ts';
import { signature } from '../signature.ts';

/** The format of a weight [out_features, in_features], of whole groups along its rows. */
export interface QuantoProductParams {
  /** Of a code. */
  readonly bits: 4 | 2;
  readonly group_size: number;
  readonly out_features: number;
  readonly in_features: number;
  /** True for y = x W^T, false for y = x W. */
  readonly transpose_weight: boolean;
}

const groupsOf = ({ params: p }: Known<QuantoProductParams>): number =>
  p.out_features * exactly(p.in_features, p.group_size, 'in_features');

const scales = (known: Known<QuantoProductParams>): Shape => [groupsOf(known), 1];

/**
 * A product with a weight that quanto_quantize made of qint4 or qint2 along axis 0, decoded in
 * registers.
 */
export const quantoMatmul = signature(
  { family: 'matmul', name: 'quanto_matmul', inBundles: false },
  v.strictObject({
    bits: v.picklist([4, 2]),
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
      packed: codes((known) => [
        Math.ceil((groupsOf(known) * known.params.bits) / 8),
        known.params.group_size,
      ]),
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
