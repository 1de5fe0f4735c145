/** What is known from earlier runs. */
export interface Memory {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
}

/** The memories of mutation runs in one environment. */
export interface Memories {
  /** Verdicts and the baseline, of one build of the worker. */
  readonly verdicts: Memory;
  /** The kernels that each case dispatched last, whatever the build: where to look first, and no proof. */
  readonly dispatched: Memory;
}
