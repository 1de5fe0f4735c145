import type { AnyProgress, TrainingKind } from './kind.ts';

/** So many times the longest silence between two steps so far are no silence any more. */
const MOST_SILENCES = 20;

/**
 * How long a worker may be silent before it counts as one that hangs: long where it loads, compiles
 * or saves; between its steps some of the longest silences that there were.
 */
export class SilenceLimit {
  readonly #mostMs: number;
  readonly #leastMs: number;
  #steps = Number.POSITIVE_INFINITY;
  #isStepping = false;
  #longestMs = 0;
  #heardAt: number;

  /** `now` in milliseconds that do not go back. */
  constructor({ silenceMs, hangMs = silenceMs }: TrainingKind, now = performance.now()) {
    this.#mostMs = silenceMs;
    this.#leastMs = Math.min(hangMs, silenceMs);
    this.#heardAt = now;
  }

  /** Milliseconds from the last word on. */
  get ms(): number {
    if (!this.#isStepping) return this.#mostMs;
    return Math.min(this.#mostMs, Math.max(this.#leastMs, MOST_SILENCES * this.#longestMs));
  }

  /** It said this, or another word of no run. */
  hear(progress: AnyProgress | undefined, now = performance.now()): void {
    if (this.#isStepping) this.#longestMs = Math.max(this.#longestMs, now - this.#heardAt);
    this.#heardAt = now;
    switch (progress?.type) {
      case 'start':
        this.#steps = progress.steps;
        this.#isStepping = false;
        return;
      case 'step':
        this.#isStepping = progress.step < this.#steps;
        return;
      case 'loaded':
      case 'resumed-from':
        this.#isStepping = false;
    }
  }

  /** What comes now is no step: it was told to wait, or to end. */
  leaveSteps(): void {
    this.#isStepping = false;
  }
}
