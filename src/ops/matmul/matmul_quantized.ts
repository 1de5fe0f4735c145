import type { BlockFormat } from '../../quant/format.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import type { QuantizedWeight } from '../../quant/weight.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  type QuantizedProduct,
  quantizedProducts,
} from '../../vocabulary/matmul/matmul_quantized.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { type Launcher, launcher } from '../launcher.ts';
import { multiplyQuantized } from './product_quantized.ts';
import { PRODUCT_VARIANTS } from './tiles.ts';

/**
 * y = x W^T, or x W, with W [out, in] kept as codes of formats that share an op and decoded in
 * registers. x: f32 [..., in] or [..., out]; packed: u8 [bytes, 1]; absmax: f32, one for each block
 * of the flat weight. Throws ShapeError when they do not fit. The weight is frozen: only x has a
 * gradient.
 */
const product = (signature: QuantizedProduct): Launcher<QuantizedProduct> =>
  launcher(signature, {
    variants: PRODUCT_VARIANTS,
    storage: { widens: true, decides: ['x'] },
    forward: (gpu, inputs, params, variant) => {
      const weight = weightOf(inputs, params);
      return { y: multiplyQuantized(gpu, inputs.x, weight, params.transpose_weight, variant) };
    },
    backward: (gpu, { inputs, grads, params, wants }, variant) => {
      if (!wants.has('x')) return {};
      const weight = weightOf(inputs, params);
      return { x: multiplyQuantized(gpu, grads.y, weight, !params.transpose_weight, variant) };
    },
  });

function weightOf(
  { packed, absmax }: InputsOf<QuantizedProduct, Tensor>,
  { quant_type, blocksize, out_features, in_features }: ParamsOf<QuantizedProduct>,
): QuantizedWeight<Tensor> {
  const format = blockFormatOf(quant_type);
  return { format, blocksize, shape: [out_features, in_features], parts: { packed, absmax } };
}

export const products: ReadonlyMap<string, Launcher<QuantizedProduct>> = new Map(
  Array.from(quantizedProducts, ([op, signature]) => [op, product(signature)]),
);

/** The launcher of the op that a format binds as `multiply`. */
export function productWith({ ops }: BlockFormat): Launcher<QuantizedProduct> {
  return products.get(ops.multiply.op) as Launcher<QuantizedProduct>;
}
