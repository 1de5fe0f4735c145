/** How long something will yet take, most likely. Milliseconds. */
export interface Span {
  readonly low: number;
  readonly high: number;
}

/** A span in the unit that fits its end, as people say it. */
export interface SpokenSpan {
  readonly low: number;
  readonly high: number;
  readonly unit: 'second' | 'minute' | 'hour';
}

/** "20 to 35 seconds", "2 to 3 minutes": never more exact than it can be. */
export function spoken({ low, high }: Span): SpokenSpan {
  const [size, unit] =
    high < 90_000
      ? ([1000, 'second'] as const)
      : high < 5_400_000
        ? ([60_000, 'minute'] as const)
        : ([3_600_000, 'hour'] as const);
  const most = Math.max(1, Math.round(high / size));
  return { low: Math.min(most, Math.max(1, Math.round(low / size))), high: most, unit };
}

/** Fewer cases than this say little: the first ones compile, later ones do not. */
const LEAST = 12;
/**
 * The cases so far are looked at in so many equal parts: neighbours take alike long, so single
 * cases would promise too much.
 */
const PARTS = 8;
/** Quantile of the normal distribution by which 8 of 10 spans hold what comes. */
const QUANTILE = 1.28;
/** The start weighs less than what was last: each part counts this many times its successor. */
const FADE = 0.8;

/** Foretells when a run ends, from the times at which its cases ended. */
export class Pace {
  readonly #ends: number[];

  /** `started`: when the first case began, as performance.now() has it. */
  constructor(started: number) {
    this.#ends = [started];
  }

  /** A case has ended. */
  add(now: number): void {
    this.#ends.push(now);
  }

  /** How long `left` more cases take, from now on; undefined while too little is known. */
  remaining(left: number): Span | undefined {
    const done = this.#ends.length - 1;
    if (done < LEAST || left <= 0) return undefined;
    const size = done / PARTS;
    const parts = Array.from(
      { length: PARTS },
      (_, i) => (this.#at(size * (i + 1)) - this.#at(size * i)) / size,
    );
    const weights = parts.map((_, i) => FADE ** (PARTS - 1 - i));
    const total = weights.reduce((a, b) => a + b);
    const mean = parts.reduce((sum, part, i) => sum + part * (weights[i] as number), 0) / total;
    const variance =
      parts.reduce((sum, part, i) => sum + (part - mean) ** 2 * (weights[i] as number), 0) / total;
    // The variance of a part's mean is that of the sum of `left` cases by size / left, and the mean
    // itself is known from `done` cases.
    const error = QUANTILE * left * Math.sqrt(variance * size * (1 / left + 1 / done));
    const middle = mean * left;
    return { low: Math.max(middle / 3, middle - error), high: middle + error };
  }

  /** The end of a case, or between those of two. */
  #at(position: number): number {
    const before = Math.floor(position);
    const a = this.#ends[before] as number;
    const b = this.#ends[Math.min(before + 1, this.#ends.length - 1)] as number;
    return a + (b - a) * (position - before);
  }
}
