import { normalProbability } from '../../reference/normal.ts';

/**
 * Mann and Whitney's one-sided test: the probability that samples of one distribution are ranked as
 * these are, or have the first ones later still. Pairs of equal samples count half. Counted exactly
 * while all orders can be, else by the normal distribution.
 */
export function chanceOfRanks(first: readonly number[], others: readonly number[]): number {
  let u = 0;
  for (const a of first) for (const b of others) u += a < b ? 1 : a === b ? 0.5 : 0;
  return ordersOf(first.length, others.length) <= Number.MAX_SAFE_INTEGER
    ? countedChance(Math.floor(u), first.length, others.length)
    : normalChance(u, first, others);
}

/** In how many orders m and n samples can stand: (m + n choose m). */
function ordersOf(m: number, n: number): number {
  let orders = 1;
  for (let i = 1; i <= m; i++) orders = (orders * (n + i)) / i;
  return orders;
}

/**
 * The share of all orders of m and n samples in which at most `u` pairs have the first one shorter.
 * The number of orders with exactly k such pairs is the coefficient of q^k of the Gaussian binomial
 * (m + n choose m), which is made factor by factor.
 */
export function countedChance(u: number, m: number, n: number): number {
  const most = m * n;
  let orders = [1, ...new Array<number>(most).fill(0)];
  for (let i = 1; i <= m; i++) {
    // Times (1 - q^(n + i)) / (1 - q^i).
    const times = orders.map((x, k) => x - (orders[k - n - i] ?? 0));
    for (let k = i; k <= most; k++) times[k] = (times[k] ?? 0) + (times[k - i] ?? 0);
    orders = times;
  }
  const sum = (numbers: readonly number[]) => numbers.reduce((total, x) => total + x, 0);
  return sum(orders.slice(0, u + 1)) / sum(orders);
}

/**
 * The same by the normal distribution, to the middle between two counts, with the variance that
 * equal samples leave: Hollander and Wolfe, "Nonparametric Statistical Methods", section 4.1.
 */
export function normalChance(
  u: number,
  first: readonly number[],
  others: readonly number[],
): number {
  const m = first.length;
  const n = others.length;
  const all = m + n;
  const counts = new Map<number, number>();
  for (const x of [...first, ...others]) counts.set(x, (counts.get(x) ?? 0) + 1);
  const tied = [...counts.values()].reduce((sum, t) => sum + t ** 3 - t, 0);
  const variance = ((m * n) / 12) * (all + 1 - tied / (all * (all - 1)));
  return normalProbability((u + 0.5 - (m * n) / 2) / Math.sqrt(variance));
}
