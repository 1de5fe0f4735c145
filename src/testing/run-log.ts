import type { StepFingerprints } from '../train/fingerprints.ts';
import type { LoopState } from '../train/loop/training-loop.ts';

/**
 * Nats above the first step's loss from which on a step is anomalous: worse than the untrained
 * model by far, whatever the batch.
 */
const ANOMALOUS_RISE = 1;

/** Steps whose fingerprints are kept: some 300 bytes each. */
const MOST_NOTED = 100_000;

/**
 * What is kept of a training run so that a part of it can be run again: the losses, the states
 * before something anomalous, and the fingerprints of what every step computed.
 */
export class RunLog {
  /** The loss of every step that was read so far. */
  readonly losses: number[] = [];
  /** The first step that was anomalous: its loss is not finite or far too large. */
  anomalousStep: number | undefined;
  /** By step, the last {@link MOST_NOTED}. */
  readonly #fingerprints = new Map<number, StepFingerprints>();
  #noted = 0;
  /**
   * The last states after judged steps, older first. A loss is read some steps after it was made,
   * so one state would not do.
   */
  #states: readonly LoopState[] = [];

  addLoss(loss: number): void {
    this.losses.push(loss);
    // Written so that a loss that is no number is anomalous.
    if (!(loss <= (this.losses[0] as number) + ANOMALOUS_RISE)) this.addAnomaly(this.losses.length);
  }

  /** Marks a step in which something anomalous was seen. */
  addAnomaly(step: number): void {
    this.anomalousStep ??= step;
  }

  /** Takes the fingerprints of the next steps. */
  note(steps: readonly StepFingerprints[]): void {
    for (const step of steps) {
      this.#fingerprints.set(++this.#noted, step);
      this.#fingerprints.delete(this.#noted - MOST_NOTED);
    }
  }

  /** Fingerprints of step `step` (1 is the first); undefined when they are no longer kept. */
  fingerprintsOf(step: number): StepFingerprints | undefined {
    return this.#fingerprints.get(step);
  }

  keep(state: LoopState): void {
    if (this.anomalousStep === undefined) this.#states = [...this.#states.slice(-1), state];
  }

  /** The last state known before the anomalous step; undefined: only the seed is, or none was. */
  get lastRight(): LoopState | undefined {
    const { anomalousStep } = this;
    return anomalousStep === undefined
      ? undefined
      : this.#states.findLast(({ step }) => step < anomalousStep);
  }
}
