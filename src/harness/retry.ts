/**
 * Pauses before further attempts at what failed and may come from outside: once they are used up,
 * it is not tried again.
 */
export class Backoff {
  readonly #pausesMs: readonly number[];
  #failures = 0;

  constructor(pausesMs: readonly number[]) {
    this.#pausesMs = pausesMs;
  }

  /** Waits before the next attempt; false at once when there is none. */
  async pause(): Promise<boolean> {
    const pause = this.#pausesMs[this.#failures++];
    if (pause === undefined) return false;
    await new Promise((resolve) => setTimeout(resolve, pause));
    return true;
  }

  /** Begins again with the first pause, after something went well. */
  reset(): void {
    this.#failures = 0;
  }
}

/**
 * Does `attempt`, again after each pause while it throws what is not final. Throws what the last
 * attempt threw.
 */
export async function retry<T>(
  attempt: () => Promise<T>,
  pausesMs: readonly number[],
  isFinal: (error: unknown) => boolean,
): Promise<T> {
  for (const backoff = new Backoff(pausesMs); ; ) {
    try {
      return await attempt();
    } catch (error) {
      if (isFinal(error) || !(await backoff.pause())) throw error;
    }
  }
}
