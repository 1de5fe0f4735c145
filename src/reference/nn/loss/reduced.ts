import { EPS, gamma } from '../../bounds.ts';
import type { Arithmetic } from '../../record.ts';

/**
 * Loss of a row and how far it may be off, and the weight of its label; all 0 where the label is
 * ignored.
 */
export interface RowLoss {
  readonly loss: number;
  readonly error: number;
  readonly weight: number;
}

/** The losses of all rows as one. */
export interface Reduced {
  readonly loss: number;
  readonly error: number;
  /** What the sum was divided by, and its relative error. */
  readonly normalizer: number;
  readonly normalizerError: number;
}

/**
 * Sum or mean of the rows. A sum of n numbers without products is one level less deep than n
 * products.
 */
export function reduced(
  rows: readonly RowLoss[],
  mean: boolean,
  weighted: boolean,
  arithmetic: Arithmetic,
): Reduced {
  let sum = 0;
  let sizes = 0;
  let errors = 0;
  let weights = 0;
  let weightSizes = 0;
  for (const { loss, error, weight } of rows) {
    sum += loss;
    sizes += Math.abs(loss);
    errors += error;
    weights += weight;
    weightSizes += Math.abs(weight);
  }
  const levels = gamma(Math.max(0, arithmetic.depth(rows.length) - 1));
  const sumError = errors + levels * (sizes + errors);
  if (!mean) return { loss: sum, error: sumError, normalizer: 1, normalizerError: 0 };
  // Without weights the normalizer is a count, which is exact.
  const normalizerError = weighted ? (levels * weightSizes) / Math.abs(weights) : 0;
  const loss = sum / weights;
  return {
    loss,
    error: sumError / Math.abs(weights) + Math.abs(loss) * (normalizerError + 2.5 * EPS),
    normalizer: weights,
    normalizerError,
  };
}
