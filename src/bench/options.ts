/** How bench times. */
export interface BenchOptions {
  /** Globs over ids. */
  readonly filters: readonly string[];
  /** Only works that are quick, with fewer samples. */
  readonly quick: boolean;
  /** Runs before anything is timed. */
  readonly warmUp: number;
  /** Most batches that are timed of each contender, in one round each. */
  readonly samples: number;
  /** By contender: only settings whose name has this text are tried, where there is one. */
  readonly settings: Readonly<Record<string, string>>;
  /** A trial of the rule by which one is called slower, in place of the works. */
  readonly selfTest: boolean;
}

export const DEFAULT_BENCH_OPTIONS: BenchOptions = {
  filters: [],
  quick: false,
  warmUp: 2,
  samples: 15,
  settings: {},
  selfTest: false,
};

/** Under `quick` fewer samples are taken. */
export const QUICK_SAMPLES = 7;
