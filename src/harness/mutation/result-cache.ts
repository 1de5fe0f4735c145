/** Results of earlier runs. */
export interface ResultCache {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
}

/** The caches of mutation runs in one environment. */
export interface ResultCaches {
  /** Outcomes and the baseline, of one build of the worker. */
  readonly outcomes: ResultCache;
  /**
   * The kernels that each case dispatched last, in whatever build or run: where to look first, and
   * no proof.
   */
  readonly dispatched: ResultCache;
}
