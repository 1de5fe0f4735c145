import type { Tape } from '../autograd/tape.ts';
import { matmul } from '../ops/matmul/matmul.ts';
import { ternaryQuantize } from '../ops/quant/ternary_quantize.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Latent weights f32 [out, in], whose trits a layer uses, and its bias [out]. */
export interface LatentLinear {
  readonly weight: Tensor;
  readonly bias?: Tensor | undefined;
}

/** What a pass made of the latent weights; the tape owns it. */
export interface TernaryPass {
  readonly y: Tensor;
  /** Trits four a byte, and the scale of all of them: what is kept to use the layer. */
  readonly packed: Tensor;
  readonly scale: Tensor;
  /** What the trits were found by. */
  readonly threshold: Tensor;
  readonly trits: Tensor;
}

/**
 * y [..., out] = x [..., in] (scale T)^T + bias, with the trits T of the latent weights quantized
 * anew. The gradient of the latent weights is that of the weights which were used (straight
 * through), as if they had not been rounded.
 */
export function ternaryLinear(
  tape: Tape,
  name: string,
  x: Tensor,
  { weight, bias }: LatentLinear,
): TernaryPass {
  const { dequant, ...kept } = tape.noGrad(() =>
    tape.apply(ternaryQuantize, { weight }, {}, `${name}.quantize`),
  );
  const used = tape.straightThrough(weight, dequant);
  const { y } = tape.apply(matmul, { a: x, b: used, bias }, { transpose_b: true }, name);
  return { y, ...kept };
}
