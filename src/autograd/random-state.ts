import { seam } from '../seam.ts';
import type { LiveNumber } from '../vocabulary/live-number.ts';

/** Where in its stream of random numbers an op starts: what dropout takes as params. */
export interface RandomPosition {
  readonly seed: number;
  /** Offset of the generator's counter; asked again at each replay of a captured step. */
  readonly offset: LiveNumber;
}

/**
 * The random numbers of a model, from one counter-based stream, so that a position in it is all
 * there is to save: ops take positions one after the other, a checkpoint goes back to its own, and
 * a replay of a captured step starts where the step before ended.
 */
export class RandomState {
  readonly seed: number;
  /** Counters that earlier steps used up, and how many this one has. */
  #base = 0;
  #used = 0;

  constructor(seed: number) {
    this.seed = seed;
  }

  /** Takes `counters` values of the counter (Philox gives four numbers for each). */
  take(counters: number): RandomPosition {
    const start = this.#used;
    this.#used += counters;
    return { seed: this.seed, offset: () => this.#base + start };
  }

  /**
   * Begins to record a step: it takes the same positions, relative to where it starts, each time.
   */
  begin(): void {
    this.#used = 0;
  }

  /**
   * On the host, after a step was recorded or replayed: the next one starts behind the counters that
   * it took, by default those of the step that was recorded last.
   */
  advance(counters = this.#used): void {
    this.#base = nextBase(this.#base, counters);
  }

  /** Where the next step starts: counters that earlier steps used up. */
  get base(): number {
    return this.#base;
  }

  set base(at: number) {
    this.#base = restoredBase(at);
  }

  /**
   * Runs `segment` from the position that the state had when `at` was read from
   * {@link RandomState.position}, and comes back.
   */
  from(at: number, segment: () => void): void {
    runFrom(this, at, segment);
  }

  /** The position within the step. */
  get position(): number {
    return this.#used;
  }

  set position(at: number) {
    this.#used = at;
  }
}

const restoredBase = seam('random_state.restored', (base: number): number => base);

const nextBase = seam('random_state.next', (base: number, used: number): number => base + used);

const runFrom = seam('random_state.from', (state: RandomState, at: number, segment: () => void) => {
  const now = state.position;
  state.position = at;
  try {
    segment();
  } finally {
    state.position = now;
  }
});
