import { LossWatch } from './loss-watch.ts';
import type { RecoverySettings } from './recovery-settings.ts';
import { LossExplodedError, NonFiniteGradientsError } from './run-faults.ts';
import type { FoundNonFinite } from './step-guard.ts';

/**
 * Whether gradients that are not finite are a fault: of a loss that is scaled up they may have
 * overflowed by that alone, and the next scale is smaller.
 */
const isFault = ({ lossScale = 1 }: FoundNonFinite): boolean => lossScale <= 1;

/** What a watch sees of a step. */
export interface SeenStep {
  readonly step: number;
  readonly loss: number;
  /** What of its gradients was not finite; undefined where its update was made. */
  readonly found: FoundNonFinite | undefined;
}

/** Counts what must not go on for long: steps without finite gradients, losses that are too high. */
export class RunWatch {
  readonly #settings: RecoverySettings;
  readonly #isKept: boolean;
  readonly #losses: LossWatch;
  #bad = 0;
  /** The first step of those that may be wrong, while there are some. */
  #since = 0;
  #last = 0;
  /** Steps after which something seemed wrong. */
  readonly #alarmed = new Set<number>();

  /**
   * Of a run that goes on, with the steps that it made: it then knows what it would know without the
   * interruption. `isKept` says whether it can go back to checkpoints: where it cannot, no loss is too
   * high.
   */
  constructor(settings: RecoverySettings, before: readonly SeenStep[], isKept: boolean) {
    this.#settings = settings;
    this.#isKept = isKept;
    this.#losses = new LossWatch(settings);
    for (const step of before) this.#take(step);
  }

  /** Whether something may have gone wrong: what is there now is not to be gone back to. */
  get isAlarmed(): boolean {
    return this.#bad > 0 || this.#losses.high > 0;
  }

  /** The first step that may be found wrong yet, by the steps to come. */
  get earliest(): number {
    return this.isAlarmed ? this.#since : this.#last + 1;
  }

  /** Whether nothing seemed wrong after that step. */
  isSound(step: number): boolean {
    return !this.#alarmed.has(step);
  }

  /**
   * Takes what a step left. Throws {@link NonFiniteGradientsError} and {@link LossExplodedError}.
   */
  see(seen: SeenStep): void {
    this.#take(seen);
    const { step, loss, found } = seen;
    if (found && this.#bad >= this.#settings.nonfiniteSteps)
      throw new NonFiniteGradientsError(this.#since, step, this.#bad, found);
    if (found) return;
    if (this.#losses.isExploded && this.#isKept && this.#settings.maxRollbacks > 0)
      throw new LossExplodedError(this.#since, step, this.#losses.high, loss);
  }

  #take({ step, loss, found }: SeenStep): void {
    if (!this.isAlarmed) this.#since = step;
    this.#last = step;
    this.#bad = found && isFault(found) ? this.#bad + 1 : 0;
    if (!found) this.#losses.see(loss);
    if (this.isAlarmed) this.#alarmed.add(step);
  }
}
