import type { Tape } from '../autograd/tape.ts';
import { ternaryQuantize } from '../ops/quant/ternary_quantize.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** What a pass made of latent weights; the tape owns it. */
export interface TernaryWeight {
  /** Trits times their scale, f32, in the place of the latent weights. */
  readonly used: Tensor;
  /** Trits four a byte, and the scale of all of them: what is kept to use the layer. */
  readonly packed: Tensor;
  readonly scale: Tensor;
  /** What the trits were found by. */
  readonly threshold: Tensor;
  readonly trits: Tensor;
}

/**
 * Latent weights (f32 of any shape) quantized anew to trits and one scale. Their gradient is that
 * of the weights which were used (straight through), as if they had not been rounded.
 */
export function ternaryWeight(tape: Tape, name: string, weight: Tensor): TernaryWeight {
  const { dequant, ...kept } = tape.noGrad(() =>
    tape.apply(ternaryQuantize, { weight }, {}, `${name}.quantize`),
  );
  return { used: tape.straightThrough(weight, dequant), ...kept };
}
