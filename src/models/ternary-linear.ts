import type { Tape } from '../autograd/tape.ts';
import { matmul } from '../ops/matmul/matmul.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type TernaryWeight, ternaryWeight } from './ternary-weight.ts';

/** Latent weights f32 [out, in], whose trits a layer uses, and its bias [out]. */
interface LatentLinear {
  readonly weight: Tensor;
  readonly bias?: Tensor | undefined;
}

/**
 * y [..., out] = x [..., in] (scale T)^T + bias, with the trits T of the latent weights quantized
 * anew: {@link ternaryWeight}.
 */
export function ternaryLinear(
  tape: Tape,
  name: string,
  x: Tensor,
  { weight, bias }: LatentLinear,
): TernaryWeight & { readonly y: Tensor } {
  const made = ternaryWeight(tape, name, weight);
  const operands = { a: x, b: made.used, bias };
  const { y } = tape.apply(matmul, operands, { transpose_b: true }, name);
  return { y, ...made };
}
