import { LossWatch } from './loss-watch.ts';
import type { RecoverySettings } from './recovery-settings.ts';
import { LossExplodedError, NonFiniteGradientsError } from './run-faults.ts';
import type { FoundNonFinite } from './step-guard.ts';

/**
 * Whether gradients that are not finite are a fault: of a loss that is scaled up they may have
 * overflowed by that alone, and the next scale is smaller.
 */
const isFault = ({ lossScale = 1 }: FoundNonFinite): boolean => lossScale <= 1;

/** Counts what must not go on for long: steps without finite gradients, losses that are too high. */
export class RunWatch {
  readonly #settings: RecoverySettings;
  readonly #isKept: boolean;
  readonly #losses: LossWatch;
  #bad = 0;
  /** The first step of those that may be wrong. */
  #since = 0;

  /**
   * Of a run that goes on, with the losses that it had; `isKept` says whether it can go back to
   * checkpoints: where it cannot, no loss is too high.
   */
  constructor(settings: RecoverySettings, losses: readonly number[], isKept: boolean) {
    this.#settings = settings;
    this.#isKept = isKept;
    this.#losses = new LossWatch(settings, losses);
  }

  /** Whether something may have gone wrong: what is there now is not to be gone back to. */
  get isAlarmed(): boolean {
    return this.#bad > 0 || this.#losses.high > 0;
  }

  /**
   * Takes what a step left. Throws {@link NonFiniteGradientsError} and {@link LossExplodedError}.
   */
  see(step: number, loss: number, found: FoundNonFinite | undefined): void {
    if (!this.isAlarmed) this.#since = step;
    this.#bad = found && isFault(found) ? this.#bad + 1 : 0;
    if (found && this.#bad >= this.#settings.nonfiniteSteps)
      throw new NonFiniteGradientsError(this.#since, step, this.#bad, found);
    if (found) return;
    this.#losses.see(loss);
    if (this.#losses.isExploded && this.#isKept && this.#settings.maxRollbacks > 0)
      throw new LossExplodedError(this.#since, step, this.#losses.high, loss);
  }
}
