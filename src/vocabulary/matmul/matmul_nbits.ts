import * as v from 'valibot';
import { nbitsWeight } from '../quant/nbits-weight.ts';
import { nbitsEntries } from '../quant/quantize_nbits.ts';
import { float, on, size } from '../rules.ts';
import { signature } from '../signature.ts';

const params = v.strictObject({
  ...nbitsEntries,
  out_features: size,
  in_features: size,
  /** True for y = x W^T, as ONNX Runtime has it; false for y = x W. */
  transpose_weight: on,
  /**
   * How coarse x may become on the way: 0 and 1 as float32, 4 as int8 in the weight's blocks. It is
   * the least that is asked: the kernels compute in float32 with each.
   */
  accuracy_level: v.optional(v.picklist([0, 1, 4]), 0),
});
/** The format of a weight [out_features, in_features], and which way it lies. */
export type NbitsProductParams = v.InferOutput<typeof params>;

/** MatMulNBits of ONNX Runtime, the weight decoded in registers. */
export const matmulNbits = signature({ family: 'matmul', name: 'matmul_nbits' }, params, {
  inputs: {
    x: float(({ params: p }, actual) => [
      ...actual.slice(0, -1),
      p.transpose_weight ? p.in_features : p.out_features,
    ]),
    ...nbitsWeight<NbitsProductParams>(),
  },
  outputs: {
    y: float(({ shape, params: p }) => [
      ...shape('x').slice(0, -1),
      p.transpose_weight ? p.out_features : p.in_features,
    ]),
  },
  gradients: ['x'],
});
