import { median } from '../../report/median.ts';
import { chanceOfRanks } from './rank-test.ts';

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
 * the chance that of Mann and Whitney's one-sided test.
 */
export function paceOf(times: readonly number[], others: readonly number[]): Pace {
  const ratios = new Float64Array(times.length * others.length);
  let at = 0;
  for (const time of times) for (const other of others) ratios[at++] = time / other;
  return { ratio: median(ratios), chance: chanceOfRanks(times, others) };
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
