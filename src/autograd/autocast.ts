import { seam } from '../seam.ts';
import { isHalf } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { cast } from '../vocabulary/math/cast.ts';
import type { ParamsOf } from '../vocabulary/signature.ts';

/** The format in which products are stored; torch's names. */
export type AutocastType = Extract<ParamsOf<typeof cast>['to'], 'float16' | 'bfloat16'>;

/**
 * Inputs that are stored in halves, by op: torch.autocast's list of products. Packed weights and
 * their scales are no operands.
 */
const PRODUCTS: Readonly<Record<string, readonly string[]>> = {
  matmul: ['a', 'b', 'bias'],
  conv1d: ['x', 'weight', 'bias'],
  conv2d: ['x', 'weight', 'bias'],
  conv_transpose2d: ['x', 'weight', 'bias'],
  lora_linear: ['x', 'weight', 'bias', 'lora_A', 'lora_B'],
  scaled_dot_product_attention: ['q', 'k', 'v'],
  swiglu_mlp: ['x', 'gate', 'up', 'down'],
};

/**
 * Inputs that are stored in float32, by op: its list of losses. What stands in neither list follows
 * torch's promotion.
 */
const LOSSES: Readonly<Record<string, readonly string[]>> = {
  cross_entropy: ['logits'],
  cross_entropy_prob_target: ['logits', 'target'],
  nll_loss: ['log_probs'],
  mse_loss: ['input', 'target'],
  l1_loss: ['input', 'target'],
  smooth_l1_loss: ['input', 'target'],
  huber_loss: ['input', 'target'],
  kl_div: ['input', 'target'],
  bce_with_logits: ['input', 'target'],
};

type Given = Readonly<Record<string, Tensor | undefined>>;

/** Casts input `name` to another format. */
type Cast = (x: Tensor, to: AutocastType | 'float32', name: string) => Tensor;

/** Whether an op is a product, whose operands are stored in halves. */
const isProduct = seam('autocast.is_product', (op: string): boolean => op in PRODUCTS);

/** The inputs of `op` as torch.autocast would have them with products in `to`. */
export function autocast<T extends Given>(op: string, inputs: T, to: AutocastType, cast: Cast): T {
  const names = (isProduct(op) ? PRODUCTS[op] : LOSSES[op]) ?? [];
  const target = isProduct(op) ? to : 'float32';
  const stored = ([name, x]: [string, Tensor | undefined]) => {
    const isThere =
      x && names.includes(name) && (target === 'float32' ? isHalf(x.dtype) : x.dtype === 'f32');
    return [name, isThere ? cast(x, target, name) : x];
  };
  return Object.fromEntries(Object.entries(inputs).map(stored)) as T;
}
