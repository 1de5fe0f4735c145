import * as v from 'valibot';
import { FOUR_BIT_NAMES } from '../../quant/registry.ts';
import { codes, float, on, size } from '../rules.ts';
import { blocks } from '../shapes.ts';
import { signature } from '../signature.ts';

/** y = x W^T, or x W, with W [out, in] kept as 4-bit codes and decoded in registers. */
export const matmul4bit = signature(
  { family: 'matmul', name: 'matmul_4bit', inBundles: false },
  v.strictObject({
    quant_type: v.picklist(FOUR_BIT_NAMES),
    /** Elements of the flat weight that share one absmax. */
    blocksize: size,
    out_features: size,
    in_features: size,
    /** True for y = x W^T, false for y = x W. */
    transpose_weight: on,
  }),
  {
    inputs: {
      x: float(({ params }, actual) => [
        ...actual.slice(0, -1),
        params.transpose_weight ? params.in_features : params.out_features,
      ]),
      packed: codes(({ params }) => [Math.ceil((params.out_features * params.in_features) / 2), 1]),
      absmax: float(({ params }) => [
        blocks(params.out_features * params.in_features, params.blocksize),
      ]),
    },
    outputs: {
      y: float(({ shape, params }) => [
        ...shape('x').slice(0, -1),
        params.transpose_weight ? params.out_features : params.in_features,
      ]),
    },
    gradients: ['x'],
  },
);
