import { type OnnxHyperparameters, onnxHyperparameters } from '../../vocabulary/optim/onnx.ts';
import { reciprocalError, rootError, SECOND_ORDER } from '../bounds.ts';
import { IN_FLOAT32 } from '../rounding.ts';

/**
 * The scalars of one step, rounded to float32: they are inputs of the computation that is judged.
 */
export interface AdagradScalars {
  readonly rate: number;
  readonly l2: number;
  readonly eps: number;
}

/** The scalars of step `step`, which counts from 1. */
export function adagradScalars(params: OnnxHyperparameters, step: number): AdagradScalars {
  const { lr, T, decay_factor, epsilon, norm_coefficient } = onnxHyperparameters(params);
  const rate = lr / (1 + (T + step - 1) * decay_factor);
  return { rate: Math.fround(rate), l2: Math.fround(norm_coefficient), eps: Math.fround(epsilon) };
}

/** One element of a parameter with its sum of squares. */
export interface AdagradElement {
  readonly param: number;
  readonly exp_avg_sq: number;
}

/** The step of one element. */
export function adagradElement(
  before: AdagradElement,
  grad: number,
  { rate, l2, eps }: AdagradScalars,
): AdagradElement {
  const g = grad + l2 * before.param;
  const exp_avg_sq = before.exp_avg_sq + g * g;
  return { param: before.param - (rate * g) / (Math.sqrt(exp_avg_sq) + eps), exp_avg_sq };
}

/**
 * Bound of one element's step, where the sum may already be off by `carried`: through the root (4.5
 * ULP) and the quotient (2.5 ULP).
 */
export function adagradBound(
  before: AdagradElement,
  grad: number,
  s: AdagradScalars,
  carried: number,
  { eps, flush, largest } = IN_FLOAT32,
): AdagradElement {
  const after = adagradElement(before, grad, s);
  const g = grad + s.l2 * before.param;
  const gradError =
    s.l2 === 0 ? 0 : eps * (Math.abs(s.l2 * before.param) + Math.abs(g)) + 3 * flush;
  // A factor above a half that is flushed costs less than the rounding of its square.
  const squareError = gradError * (2 * Math.abs(g) + gradError) + eps * g * g + 2 * flush;
  const sum = after.exp_avg_sq;
  const exp_avg_sq =
    sum > largest
      ? Number.POSITIVE_INFINITY
      : carried + (squareError + eps * sum) * SECOND_ORDER + flush;
  const root = Math.sqrt(sum);
  const denominator = root + s.eps;
  const share = (rootError(sum, exp_avg_sq) + 4.5 * eps * root) / denominator + eps;
  const relative = reciprocalError(share);
  const delta = Math.abs(s.rate * g) / denominator;
  const param =
    delta * (relative + 3.5 * eps) +
    ((s.rate * gradError) / denominator) * (1 + relative) +
    eps * Math.abs(after.param);
  return { param: param * SECOND_ORDER + flush * (3 + 1 / denominator), exp_avg_sq };
}
