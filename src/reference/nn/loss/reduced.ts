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

interface Total {
  readonly loss: number;
  readonly error: number;
}

/** A mean of all rows. */
interface Mean extends Total {
  /** What the sum was divided by, and its relative error. */
  readonly normalizer: number;
  readonly normalizerError: number;
}

const sumOf = (rows: readonly RowLoss[], of: (row: RowLoss) => number): number =>
  rows.reduce((sum, row) => sum + of(row), 0);

/** A sum of n numbers without products is one level less deep than n products. */
const levelsOf = ({ length }: readonly RowLoss[], { depth }: Arithmetic): number =>
  gamma(Math.max(0, depth(length) - 1));

/** The sum of all rows. */
function totalOf(rows: readonly RowLoss[], arithmetic: Arithmetic): Total {
  const sizes = sumOf(rows, ({ loss }) => Math.abs(loss));
  const errors = sumOf(rows, ({ error }) => error);
  return {
    loss: sumOf(rows, ({ loss }) => loss),
    error: errors + levelsOf(rows, arithmetic) * (sizes + errors),
  };
}

/** Sum or mean. */
export const reduced = (
  rows: readonly RowLoss[],
  mean: boolean,
  weighted: boolean,
  arithmetic: Arithmetic,
): Total => (mean ? meanOf(rows, weighted, arithmetic) : totalOf(rows, arithmetic));

/** The mean of all rows, over the sum of their weights. */
export function meanOf(rows: readonly RowLoss[], weighted: boolean, arithmetic: Arithmetic): Mean {
  const total = totalOf(rows, arithmetic);
  const weights = sumOf(rows, ({ weight }) => weight);
  const sizes = sumOf(rows, ({ weight }) => Math.abs(weight));
  // Without weights the normalizer is a count, which is exact.
  const normalizerError = weighted ? (levelsOf(rows, arithmetic) * sizes) / Math.abs(weights) : 0;
  const loss = total.loss / weights;
  return {
    loss,
    error: total.error / Math.abs(weights) + Math.abs(loss) * (normalizerError + 2.5 * EPS),
    normalizer: weights,
    normalizerError,
  };
}
