import { EPS, FLUSH, gamma, overflows } from '../../bounds.ts';
import type { Arithmetic } from '../../record.ts';

/** Mean and variance of numbers, and how far those of a GPU in two passes may be off. */
export interface Spread {
  readonly x: Float64Array;
  readonly mean: number;
  readonly meanError: number;
  /** x - mean. */
  readonly away: Float64Array;
  readonly awayError: Float64Array;
  /** Biased. */
  readonly variance: number;
  readonly varianceError: number;
}

/**
 * Numbers that are normalized together, in float64, its mean and its normalised elements, and how
 * far those of a GPU may be off.
 */
export interface Row extends Omit<Spread, 'away' | 'awayError'> {
  readonly rstd: number;
  /** Relative error of rstd. */
  readonly rstdError: number;
  readonly z: Float64Array;
  /** Absolute errors of z. */
  readonly zError: Float64Array;
}

/** The mean in float64. */
export const meanOf = (data: Float64Array): number =>
  data.reduce((sum, x) => sum + x, 0) / data.length;

/** Whether the sum of squares of the numbers may overflow. */
export const squaresOverflow = (x: Float64Array): boolean =>
  overflows(meanOf(x.map((value) => value * value)) * x.length);

/**
 * d = (gamma_c + 2 eps) mean |x| + eps |x - mean|; E_v = 2 mean(|x - mean| d) + v (gamma_{c+1} + 2
 * eps) + mean d^2.
 */
export function spreadOf(x: Float64Array, { depth }: Arithmetic): Spread {
  const mean = meanOf(x);
  const away = x.map((value) => value - mean);
  const variance = meanOf(away.map((value) => value * value));
  const levels = gamma(depth(x.length));
  const size = meanOf(x.map(Math.abs));
  const meanError = (levels + 2 * EPS) * size + FLUSH;
  const awayError = away.map((value) => meanError + EPS * Math.abs(value) + FLUSH);
  const varianceError =
    2 * meanOf(away.map((value, i) => Math.abs(value) * (awayError[i] as number))) +
    variance * (gamma(depth(x.length) + 1) + 2 * EPS) +
    meanOf(awayError.map((error) => error * error));
  return { x, mean, meanError, away, awayError, variance, varianceError };
}

/**
 * With e = (E_v + eps) / (v + eps_ln), rstd is off by 1 / sqrt(1 - e) - 1 and 2 units of
 * inverseSqrt; z by rstd d, and |z| times that and a product.
 */
export function rowOf(x: Float64Array, eps: number, arithmetic: Arithmetic): Row {
  const spread = spreadOf(x, arithmetic);
  const { away, awayError, variance, varianceError } = spread;
  const power = variance + eps;
  const share = (varianceError + EPS * power + 2 * FLUSH) / power;
  const rstdError = squaresOverflow(x)
    ? Number.POSITIVE_INFINITY
    : 1 / Math.sqrt(Math.max(0, 1 - share)) - 1 + 2 * EPS;
  const rstd = 1 / Math.sqrt(power);
  const z = away.map((value) => value * rstd);
  const zError = z.map(
    (value, i) =>
      rstd * (awayError[i] as number) + Math.abs(value) * (rstdError + EPS) + FLUSH * (1 + rstd),
  );
  return { ...spread, rstd, rstdError, z, zError };
}
