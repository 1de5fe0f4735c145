import { seam } from '../../../seam.ts';
import type { RecoverySettings } from './recovery-settings.ts';

/** What of the smoothed loss the next one leaves. */
const SMOOTHING = 0.9;

/** Whether a loss is more than the smoothed one allows, and more than the run began with. */
const isTooHigh = seam(
  'train.is_too_high',
  (loss: number, smoothed: number, first: number, factor: number): boolean =>
    !(loss <= factor * smoothed || loss <= first),
);

/**
 * Watches the losses of a run for an explosion: some in a row above a multiple of the smoothed loss
 * (a moving average of those that were not), and above the first one, so that no run that has learnt
 * nothing yet, and none whose loss is tiny and trembles, is taken for one.
 */
export class LossWatch {
  readonly #settings: Pick<RecoverySettings, 'explosionFactor' | 'explosionSteps'>;
  #first: number | undefined;
  #smoothed = 0;
  #high = 0;

  constructor(settings: Pick<RecoverySettings, 'explosionFactor' | 'explosionSteps'>) {
    this.#settings = settings;
  }

  /** Losses in a row that were too high. */
  get high(): number {
    return this.#high;
  }

  /** Whether these are as many as make an explosion. */
  get isExploded(): boolean {
    return this.#high >= this.#settings.explosionSteps;
  }

  /** Takes the loss of the next step. */
  see(loss: number): void {
    if (this.#first === undefined) {
      if (!Number.isFinite(loss)) return;
      this.#first = loss;
      this.#smoothed = loss;
      return;
    }
    if (isTooHigh(loss, this.#smoothed, this.#first, this.#settings.explosionFactor)) {
      this.#high += 1;
      return;
    }
    this.#high = 0;
    this.#smoothed = SMOOTHING * this.#smoothed + (1 - SMOOTHING) * loss;
  }
}
