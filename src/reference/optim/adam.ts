import type { AdamHyperparameters } from '../../vocabulary/optim/adam.ts';
import { reciprocalError, rootError, SECOND_ORDER } from '../bounds.ts';
import { fastPowerError, IN_FLOAT32, type Rounding } from '../rounding.ts';

/**
 * The scalars of one step, rounded to float32: they are inputs of the computation that is judged.
 */
export interface AdamScalars {
  readonly decay: number;
  readonly l2: number;
  readonly restOfBeta1: number;
  readonly beta2: number;
  readonly restOfBeta2: number;
  readonly stepSize: number;
  readonly correction: number;
  readonly eps: number;
  /** Relative error of the step's size by CUDA's fast powers; 0 of other steps. */
  readonly fastPowers: number;
}

/** The scalars of step `step`, which counts from 1. */
export function adamScalars(params: AdamHyperparameters, step: number): AdamScalars {
  // CUDA's kernels are handed float32 numbers.
  const given = params.decay_after_step ? Math.fround : (x: number) => x;
  const [beta1, beta2] = params.betas.map(given) as [number, number];
  const lr = given(params.lr);
  const coupled = params.mode === 'adam';
  const corrected = params.bias_correction;
  const decay = coupled ? 1 : 1 - lr * given(params.weight_decay);
  const size = corrected ? lr / (1 - beta1 ** step) : lr;
  return {
    decay: Math.fround(decay),
    l2: coupled ? Math.fround(params.weight_decay) : 0,
    restOfBeta1: Math.fround(1 - beta1),
    beta2: Math.fround(beta2),
    restOfBeta2: Math.fround(1 - beta2),
    // What decays after the step is the step too.
    stepSize: Math.fround(params.decay_after_step ? size * decay : size),
    correction: Math.fround(corrected ? Math.sqrt(1 - beta2 ** step) : 1),
    eps: Math.fround(params.eps),
    fastPowers:
      params.decay_after_step && corrected
        ? fastPowerError(beta1, step) + fastPowerError(beta2, step) / 2
        : 0,
  };
}

/** One element of a parameter with its moments. */
export interface AdamElement {
  readonly param: number;
  readonly exp_avg: number;
  readonly exp_avg_sq: number;
}

/** How far an element may be off. */
export type AdamError = AdamElement;

/** The step of one element: torch's order, decay first, eps after the bias correction. */
export function adamElement(before: AdamElement, grad: number, s: AdamScalars): AdamElement {
  const g = grad + s.l2 * before.param;
  const exp_avg = before.exp_avg + s.restOfBeta1 * (g - before.exp_avg);
  const exp_avg_sq = s.beta2 * before.exp_avg_sq + s.restOfBeta2 * g * g;
  return {
    param: before.param * s.decay - (s.stepSize * exp_avg) / denominator(exp_avg_sq, s),
    exp_avg,
    exp_avg_sq,
  };
}

/**
 * Bound of one element's step from exactly known `before` (bounds.md, AdamW), where the moments may
 * already be off by `carried`. The first moment sums E_m = eps (2 (1-b1)|g-m| + |m'|), the second
 * E_v = 3 eps v'; the L2 term of Adam adds its own rounding to g. A denominator whose error is not
 * small against it, or a square that overflows, gives an infinite bound: nothing can be said of
 * that element. A library on CUDA, which decays after the step, corrects biases by fast powers.
 */
export function adamBound(
  before: AdamElement,
  grad: number,
  s: AdamScalars,
  carried: Omit<AdamError, 'param'>,
  rounding: Rounding = IN_FLOAT32,
): AdamError {
  const { eps, flush, largest } = rounding;
  const size = rounding.fastPowers ? reciprocalError(s.fastPowers) : 0;
  const after = adamElement(before, grad, s);
  const g = grad + s.l2 * before.param;
  const gradError =
    s.l2 === 0 ? 0 : eps * (Math.abs(s.l2 * before.param) + Math.abs(g)) + 3 * flush;
  const first =
    eps * (2 * s.restOfBeta1 * Math.abs(g - before.exp_avg) + Math.abs(after.exp_avg)) +
    s.restOfBeta1 * gradError +
    4 * flush;
  const second =
    Math.max(g * g, after.exp_avg_sq) > largest
      ? Number.POSITIVE_INFINITY
      : 3 * eps * after.exp_avg_sq +
        s.restOfBeta2 * gradError * (2 * Math.abs(g) + gradError) +
        flush * (4 + 2 * Math.abs(g));
  const exp_avg = carried.exp_avg + first * SECOND_ORDER;
  const exp_avg_sq = carried.exp_avg_sq + second * SECOND_ORDER;

  const den = denominator(after.exp_avg_sq, s);
  const denError = relativeDenominatorError(after.exp_avg_sq, exp_avg_sq, s, rounding);
  const delta = Math.abs((s.stepSize * after.exp_avg) / den);
  const param =
    eps * Math.abs(before.param * s.decay) +
    eps * Math.abs(after.param) +
    (s.stepSize * exp_avg) / den +
    delta * (denError + 3.5 * eps + size) +
    flush * (3 + 1 / den);
  return { param: param * SECOND_ORDER, exp_avg, exp_avg_sq };
}

const denominator = (v: number, s: AdamScalars): number => Math.sqrt(v) / s.correction + s.eps;

/**
 * Through the square root: the error of v, then 4.5 eps of the root, 2.5 eps of the division, and
 * the addition of eps.
 */
function relativeDenominatorError(
  v: number,
  vError: number,
  s: AdamScalars,
  { eps }: Rounding,
): number {
  const inBoth = rootError(v, vError) + 7 * eps * Math.sqrt(v);
  return reciprocalError(inBoth / s.correction / denominator(v, s) + eps);
}
