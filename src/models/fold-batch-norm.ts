import { Tape } from '../autograd/tape.ts';
import { mul } from '../ops/math/mul.ts';
import { batchNorm } from '../ops/nn/batch_norm.ts';
import { seam } from '../seam.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { matrixView } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { ModelValues } from './values.ts';

/** A normalization as it is outside of training. */
interface Norm {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly running_mean: Tensor;
  readonly running_var: Tensor;
}

/** A convolution without bias, and what normalizes it. */
export interface FoldedPair {
  readonly conv: string;
  readonly norm: string;
}

/**
 * The weight [out, ...] and the bias [out] by which a convolution gives what it gives and `norm` makes
 * of it outside of training: weight * g and bias - mean * g, with g = norm's weight / sqrt(var + eps).
 * Both factors are the normalization itself, of ones and of zeros. The tape owns them.
 */
export const folded = seam(
  'models.folded',
  (tape: Tape, weight: Tensor, norm: Norm, layer: string) => {
    const { gpu } = weight;
    const channels = matrixView(weight.shape)[0];
    using zeros = Tensor.zeros(gpu, [channels]);
    using ones = Tensor.from(
      gpu,
      hostTensorFrom('f32', [channels], new Float64Array(channels).fill(1)),
    );
    const normalized = (x: Tensor, given: Norm) =>
      tape.apply(batchNorm, { ...given, x: x.view([1, channels]) }, { training: false }, layer).y;
    const factor = normalized(ones, { ...norm, bias: zeros, running_mean: zeros });
    const bias = tape.view(normalized(zeros, norm), [channels]);
    const operands = {
      a: tape.view(weight, matrixView(weight.shape)),
      b: tape.view(factor, [channels, 1]),
    };
    const scaled = tape.apply(mul, operands, {}, layer).y;
    return { weight: tape.view(scaled, weight.shape), bias };
  },
);

/**
 * Folds normalizations into the convolutions before them: these get a bias, and the parameters of the
 * normalizations are gone. For evaluation alone, before weights are quantized. Nothing is read back.
 */
export function foldBatchNorms(
  values: ModelValues,
  statistics: Readonly<Record<string, Tensor>>,
  pairs: readonly FoldedPair[],
): void {
  const { parameters } = values;
  const gone = new Set(pairs.flatMap(({ norm }) => [`${norm}.weight`, `${norm}.bias`]));
  const kept = parameters.names.filter((name) => !gone.has(name));
  const trained = new Map(kept.map((name) => [name, parameters.view(name)]));
  const [first] = trained.values();
  if (!first) return;
  using tape = new Tape(first.gpu);
  for (const { conv, norm } of pairs) {
    const of = {
      weight: parameters.view(`${norm}.weight`),
      bias: parameters.view(`${norm}.bias`),
      running_mean: statistics[`${norm}.running_mean`] as Tensor,
      running_var: statistics[`${norm}.running_var`] as Tensor,
    };
    const { weight, bias } = folded(tape, parameters.view(`${conv}.weight`), of, `${norm}.fold`);
    trained.set(`${conv}.weight`, weight);
    trained.set(`${conv}.bias`, bias);
  }
  values.retrain(trained);
}
