/** After so many steps, or so long, a checkpoint is due. Milliseconds. */
const USUAL_STEPS = 50;
const USUAL_MS = 60_000;
/** So many times the cost of the last one passes before another is made: a twentieth of a run. */
const LEAST_COSTS = 20;

/** When a run makes checkpoints. */
export interface CheckpointScheduleOptions {
  /** Steps between two, whatever they cost. Default by time, steps and cost. */
  readonly every?: number | undefined;
  /** Milliseconds that do not go back. */
  readonly now?: () => number;
}

/**
 * When a checkpoint is due: after 60 s or 50 steps, whichever comes first, or where the held-out
 * loss was never smaller; but not before twenty times what the last one cost has passed since it
 * ended, so that all of them cost a twentieth of the run.
 */
export class CheckpointSchedule {
  readonly #every: number | undefined;
  readonly #now: () => number;
  #step = 0;
  #beganAt = 0;
  #endedAt = 0;
  #costMs = 0;
  #spentMs = 0;

  constructor({ every, now = () => performance.now() }: CheckpointScheduleOptions) {
    this.#every = every;
    this.#now = now;
    this.begin(0);
  }

  /** The run begins, or goes on, after `step` steps; what the last one cost is still known. */
  begin(step: number): void {
    this.#step = step;
    this.#beganAt = this.#now();
    this.#endedAt = this.#beganAt;
    this.#spentMs = 0;
  }

  /** What all of them took of the time so far; 0 before there was one. */
  get share(): number {
    return this.#spentMs === 0 ? 0 : this.#spentMs / (this.#now() - this.#beganAt);
  }

  /** Whether one is due after `step` steps; `isBest` where the held-out loss is the smallest so far. */
  isDue(step: number, isBest: boolean): boolean {
    if (this.#every !== undefined) return step % this.#every === 0;
    const passed = this.#now() - this.#endedAt;
    if (passed < LEAST_COSTS * this.#costMs) return false;
    return isBest || passed >= USUAL_MS || step - this.#step >= USUAL_STEPS;
  }

  /** Makes one after `step` steps; returns how long it took, in milliseconds. */
  async time(step: number, make: () => Promise<void>): Promise<number> {
    const started = this.#now();
    await make();
    this.#endedAt = this.#now();
    this.#costMs = this.#endedAt - started;
    this.#spentMs += this.#costMs;
    this.#step = step;
    return this.#costMs;
  }
}
