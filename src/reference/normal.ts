/** The density of the standard normal distribution. */
export function normalDensity(x: number): number {
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
}

/**
 * The probability that a standard normal number is above `a` >= 0, to full relative accuracy: near
 * 0 by the series of erf whose terms are all positive (Abramowitz and Stegun 7.1.6), farther by the
 * continued fraction of the Mills ratio (26.2.14).
 */
export function upperTail(a: number): number {
  if (a < 2) {
    let term = a;
    let sum = a;
    for (let n = 3; sum + term !== sum; n += 2) {
      term *= (a * a) / n;
      sum += term;
    }
    return 0.5 - normalDensity(a) * sum;
  }
  let rest = a;
  for (let k = 150; k >= 1; k--) rest = a + k / rest;
  return normalDensity(a) / rest;
}

/** The probability that a standard normal number is at most `x`. */
export function normalProbability(x: number): number {
  return x >= 0 ? 1 - upperTail(x) : upperTail(-x);
}
