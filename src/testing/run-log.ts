import type { OptimizerState } from '../train/adamw.ts';

/** Nats above the first step's loss from which on a step is odd: worse than the untrained model by far, whatever the batch. */
const ODD_RISE = 1;

/** What is kept of a training run so that a part of it can be run again: the losses, and the states before something odd. */
export class RunLog {
  /** The loss of every step that was read so far. */
  readonly losses: number[] = [];
  /** The first step whose loss is not finite or far too large. */
  oddStep: number | undefined;
  /** The last states after judged steps, older first. A loss is read some steps after it was made, so one state would not do. */
  #states: readonly OptimizerState[] = [];

  addLoss(loss: number): void {
    this.losses.push(loss);
    // Written so that a loss that is no number is odd.
    if (!(loss <= (this.losses[0] as number) + ODD_RISE)) this.oddStep ??= this.losses.length;
  }

  keep(state: OptimizerState): void {
    if (this.oddStep === undefined) this.#states = [...this.#states.slice(-1), state];
  }

  /** The last state known before `step`; undefined: only the seed is. */
  before(step: number): OptimizerState | undefined {
    return this.#states.findLast((state) => state.step < step);
  }
}
