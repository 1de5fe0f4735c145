import { Tape } from '../autograd/tape.ts';
import { clip } from '../ops/math/clip.ts';
import { mul } from '../ops/math/mul.ts';
import { batchNorm } from '../ops/nn/batch_norm.ts';
import { QuantizerError } from '../quantizer/quantizer-error.ts';
import { seam } from '../seam.ts';
import { matrixView } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
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
    const matrix = matrixView(weight.shape);
    const line = [1, matrix[0]];
    const filled = (value: number) =>
      tape.apply(clip, { x: norm.bias }, { min: value, max: value }, layer).y;
    const zeros = filled(0);
    const normalized = (x: Tensor, given: Norm) => {
      const inputs = { ...given, x: tape.view(x, line) };
      return tape.apply(batchNorm, inputs, { training: false }, layer).y;
    };
    const factor = normalized(filled(1), { ...norm, bias: zeros, running_mean: zeros });
    const bias = tape.view(normalized(zeros, norm), norm.bias.shape);
    const operands = { a: tape.view(weight, matrix), b: tape.view(factor, line.toReversed()) };
    const scaled = tape.apply(mul, operands, {}, layer).y;
    return { weight: tape.view(scaled, weight.shape), bias };
  },
);

/**
 * Folds normalizations into the convolutions before them: these get a bias, and the parameters of the
 * normalizations, whose names it returns, are gone. For evaluation alone, before weights are
 * quantized. Nothing is read back. Throws QuantizerError `policy-unmatched`, before anything is
 * changed, for a normalization that is folded already and a convolution that is quantized.
 */
export function foldBatchNorms(
  values: ModelValues,
  statistics: Readonly<Record<string, Tensor>>,
  pairs: readonly FoldedPair[],
): readonly string[] {
  const { parameters } = values;
  for (const pair of pairs) requireFoldable(parameters.names, pair);
  const folds = pairs.map(({ norm }) => norm);
  const gone = new Set(folds.flatMap((norm) => [`${norm}.weight`, `${norm}.bias`]));
  const kept = parameters.names.filter((name) => !gone.has(name));
  const trained = new Map(kept.map((name) => [name, parameters.tensors(name)]));
  const [first] = parameters.views;
  if (!first) return [];
  using tape = new Tape(first.gpu);
  for (const { conv, norm } of pairs) {
    const of = {
      weight: parameters.view(`${norm}.weight`),
      bias: parameters.view(`${norm}.bias`),
      running_mean: statistics[`${norm}.running_mean`] as Tensor,
      running_var: statistics[`${norm}.running_var`] as Tensor,
    };
    const { weight, bias } = folded(tape, parameters.view(`${conv}.weight`), of, `${norm}.fold`);
    trained.set(`${conv}.weight`, [weight]);
    trained.set(`${conv}.bias`, [bias]);
  }
  values.retrain(trained);
  return folds;
}

function requireFoldable(names: readonly string[], { conv, norm }: FoldedPair): void {
  const refuse = (why: string) => {
    throw new QuantizerError('policy-unmatched', `foldBatchNorms: ${why}`);
  };
  if (!names.includes(`${norm}.weight`)) refuse(`${norm} is folded already: leave it out`);
  if (!names.includes(`${conv}.weight`))
    refuse(`the weight of ${conv} is quantized: fold before that, or leave it out`);
}
