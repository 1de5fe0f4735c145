import { median } from '../../report/median.ts';

/**
 * The largest probability with which samples of one distribution may look as unlike as these and
 * still be taken for two.
 */
const MOST_CHANCE = 0.01;

/** What takes over this share longer is called slower. */
export const SLOWER_BY = 0.15;

/** From fewer samples of each nothing follows. */
export const FEWEST_SAMPLES = 5;

/** Samples of each with which it was tried how often the rule is right: recorded.test.ts. */
export const SURE_SAMPLES = 40;

/** How two sets of times differ. */
export interface Pace {
  /** How many times as long the first takes: the median of all ratios of a pair. */
  readonly ratio: number;
  /** Probability that samples of one distribution are ranked so, or further apart. */
  readonly chance: number;
}

/**
 * Compares two sets of times by their ranks alone, so that no outlier and no shape of the
 * distribution matters: the ratio is Hodges and Lehmann's estimate of a shift between logarithms,
 * the chance that of Mann and Whitney's one-sided test, counted exactly.
 */
export function paceOf(times: readonly number[], others: readonly number[]): Pace {
  const ratios = times.flatMap((time) => others.map((other) => time / other));
  const shorter = ratios.filter((ratio) => ratio < 1).length;
  const equal = ratios.filter((ratio) => ratio === 1).length;
  return {
    ratio: median(ratios),
    chance: chanceOfAtMost(Math.floor(shorter + equal / 2), times.length, others.length),
  };
}

/** How the fastest halves of two sets of times differ, and the median of each half. Milliseconds. */
export interface PaceOfFastest extends Pace {
  readonly ms: number;
  readonly othersMs: number;
}

/**
 * The pace of the fastest half of each set, at least five samples: what else runs on a machine makes
 * times longer and never shorter.
 */
export function paceOfFastest(times: readonly number[], others: readonly number[]): PaceOfFastest {
  const fast = fastest(times);
  const fastOthers = fastest(others);
  return { ...paceOf(fast, fastOthers), ms: median(fast), othersMs: median(fastOthers) };
}

/** Whether there are samples enough of both, none shorter than the clock, to tell which is slower. */
export function canTell(times: readonly number[], others: readonly number[]): boolean {
  const isLong = (ms: number) => ms > 0;
  return [times, others].every((of) => of.length >= FEWEST_SAMPLES && of.every(isLong));
}

/**
 * Whether the first of two contenders takes longer than the other by more than a share `by` of the
 * other's time, as far as samples tell: by {@link paceOfFastest}, and never where they
 * {@link canTell} nothing.
 */
export function isSlower(times: readonly number[], others: readonly number[], by: number): boolean {
  const { ratio, chance } = paceOfFastest(times, others);
  return canTell(times, others) && ratio > 1 + by && chance <= MOST_CHANCE;
}

function fastest(times: readonly number[]): readonly number[] {
  const count = Math.max(FEWEST_SAMPLES, Math.ceil(times.length / 2));
  return times.toSorted((a, b) => a - b).slice(0, count);
}

/**
 * The share of all orders of m and n samples in which at most `u` pairs have the first one shorter.
 * The number of orders with exactly k such pairs is the coefficient of q^k of the Gaussian binomial
 * (m + n choose m), which is made factor by factor.
 */
function chanceOfAtMost(u: number, m: number, n: number): number {
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
