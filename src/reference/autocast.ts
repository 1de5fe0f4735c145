import type { DType } from '../tensor/dtype.ts';
import { promoted } from '../vocabulary/promotion.ts';

/**
 * Operands that torch.autocast stores in halves, by op: its list of products. Codes of a quantized
 * weight, their scales and the magnitudes of DoRA are none.
 */
export const PRODUCTS: Readonly<Record<string, readonly string[]>> = {
  matmul: ['a', 'b', 'bias'],
  lora_linear: ['x', 'weight', 'bias', 'lora_A', 'lora_B'],
  scaled_dot_product_attention: ['q', 'k', 'v'],
};

/** Operands that it stores in float32: its list of losses. */
export const LOSSES: Readonly<Record<string, readonly string[]>> = {
  cross_entropy: ['logits'],
};

/** How an op's result is stored: as its operands are, of a product those of the list alone. */
export function storedAs(
  op: string,
  inputs: Readonly<Record<string, { readonly dtype?: DType | undefined } | undefined>>,
): DType {
  const operands = PRODUCTS[op] ?? Object.keys(inputs);
  const dtypes = operands.flatMap((name) => (inputs[name] ? [inputs[name]?.dtype ?? 'f32'] : []));
  return promoted(dtypes) ?? 'f32';
}
