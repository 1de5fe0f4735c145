/**
 * The least number of right answers of `count`, each right with probability `p` independently, that
 * is reached no more often than once in 10^9: the smallest k with P(X >= k) <= 1e-9 for X binomial;
 * count + 1 where even all of them are no surprise.
 */
export function binomialCriticalValue(count: number, p: number): number {
  let logTerm = count * Math.log(p);
  let tail = Math.exp(logTerm);
  let k = count;
  // All together are certain, so that it ends.
  while (tail <= 1e-9) {
    // P(X = k - 1) = P(X = k) * k / (count - k + 1) * (1 - p) / p
    logTerm += Math.log(k / (count - k + 1)) + Math.log1p(-p) - Math.log(p);
    tail += Math.exp(logTerm);
    k -= 1;
  }
  return k + 1;
}
