/** How long steps take, as a step tells it. Milliseconds. */
export interface StepTimes {
  /** A step's share of the last stretch of plain steps; undefined before the first stretch ended. */
  readonly lapMs?: number;
  /** The median of all stretches so far. */
  readonly medianMs?: number;
  /** From here to the last step, at the mean speed so far with everything that interrupts it. */
  readonly remainingMs: number;
}

/**
 * Times plain steps: steps are only submitted, so that a readback ends a stretch of them, and each
 * stretch gives one time for a step. What is judged, evaluated or waited for between two stretches
 * is no part of one.
 */
export class StepClock {
  readonly #steps: number;
  readonly #now: () => number;
  readonly #laps: number[] = [];
  #started: number;
  #lap: { readonly step: number; readonly at: number } | undefined;

  /** `steps`: how many the run has. */
  constructor(steps: number, now = () => performance.now()) {
    this.#steps = steps;
    this.#now = now;
    this.#started = now();
  }

  /** The device is idle after step `step`, and the next plain step is about to be submitted. */
  begin(step: number): void {
    this.#lap = { step, at: this.#now() };
  }

  /** The device has ended step `step`: what began is a stretch, unless no step is in it. */
  end(step: number): void {
    const lap = this.#lap;
    this.#lap = undefined;
    if (lap && step > lap.step) this.#laps.push((this.#now() - lap.at) / (step - lap.step));
  }

  /** Waits for `until`; the time that this takes is no time of the run. */
  async stoppedUntil(until: Promise<void>): Promise<void> {
    const from = this.#now();
    await until;
    this.#started += this.#now() - from;
  }

  /** What is known after step `step`. */
  times(step: number): StepTimes {
    const elapsed = this.#now() - this.#started;
    const remainingMs = (elapsed / step) * (this.#steps - step);
    const lapMs = this.#laps.at(-1);
    return lapMs === undefined
      ? { remainingMs }
      : { lapMs, medianMs: median(this.#laps), remainingMs };
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] as number;
  return (low + (sorted[Math.floor(middle)] as number)) / 2;
}
