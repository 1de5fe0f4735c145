/** The number below which a share `q` of the numbers lies, between two of them as numpy has it. */
export function quantile(numbers: readonly number[], q: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const place = q * (sorted.length - 1);
  const low = sorted[Math.floor(place)];
  const high = sorted[Math.ceil(place)];
  const share = place - Math.floor(place);
  return (low ?? Number.NaN) * (1 - share) + (high ?? Number.NaN) * share;
}

/** An interval that holds the median of what the samples are drawn from. */
export interface MedianInterval {
  readonly low: number;
  readonly high: number;
  /** The probability that it does, whatever the distribution. */
  readonly coverage: number;
}

/**
 * The shortest interval between two order statistics as far from both ends that holds the median
 * with at least this probability; all samples where there are too few. The count of samples below
 * the median is binomial: see Conover, "Practical Nonparametric Statistics", section 3.2.
 */
export function medianInterval(samples: readonly number[], probability = 0.95): MedianInterval {
  const sorted = samples.toSorted((a, b) => a - b);
  const n = sorted.length;
  /** That fewer than `k` of them lie below the median. */
  let below = 0;
  let term = 2 ** -n;
  let cut = 0;
  let coverage = 1 - 2 * term;
  for (let k = 0; 2 * k + 1 < n; k++) {
    below += term;
    term *= (n - k) / (k + 1);
    const held = 1 - 2 * below;
    if (k > 0 && held < probability) break;
    cut = k;
    coverage = held;
  }
  const at = (place: number) => sorted[place] ?? Number.NaN;
  return { low: at(cut), high: at(n - 1 - cut), coverage: Math.max(0, coverage) };
}

/** From fewer samples of each an interval would hold their ratio less than four times in five. */
const FEWEST_OF_RATIO = 5;

/**
 * The least that the median of `times` is as a multiple of that of `others`: the lower end of its
 * interval by the higher end of the other's, each missed in at most one of 40 cases, so that both
 * hold in 19 of 20; with five samples of each in 7 of 8. Undefined of fewer.
 */
export function leastRatio(
  times: readonly number[],
  others: readonly number[],
): number | undefined {
  if (Math.min(times.length, others.length) < FEWEST_OF_RATIO) return undefined;
  return medianInterval(times, 0.975).low / medianInterval(others, 0.975).high;
}
