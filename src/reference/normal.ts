/** The density of the standard normal distribution. */
export function normalDensity(x: number): number {
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
}

/**
 * The probability that a standard normal number is between 0 and `a`, to full relative accuracy, by
 * the series of erf whose terms are all positive (Abramowitz and Stegun 7.1.6).
 */
function upTo(a: number): number {
  let term = a;
  let sum = a;
  for (let n = 3; sum + term !== sum; n += 2) {
    term *= (a * a) / n;
    sum += term;
  }
  return normalDensity(a) * sum;
}

/**
 * The probability that a standard normal number is above `a` >= 0, to full relative accuracy: near
 * 0 what is left of a half, farther by the continued fraction of the Mills ratio (Abramowitz and
 * Stegun 26.2.14).
 */
export function upperTail(a: number): number {
  if (a < 2) return 0.5 - upTo(a);
  let rest = a;
  for (let k = 150; k >= 1; k--) rest = a + k / rest;
  return normalDensity(a) / rest;
}

/** The probability that a standard normal number is at most `x`. */
export function normalProbability(x: number): number {
  return x >= 0 ? 1 - upperTail(x) : upperTail(-x);
}

/** 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to `x`, to full relative accuracy. */
export function erf(x: number): number {
  const a = Math.SQRT2 * Math.abs(x);
  return Math.sign(x) * (a < 2 ? 2 * upTo(a) : 1 - 2 * upperTail(a));
}
