import type { TrainingPhase } from '../../train/progress.ts';

/** Asks a training run to leave out the rest of a phase. */
export class Skip {
  #listener: ((phase: TrainingPhase) => void) | undefined;

  /** Leaves out the rest of `phase`; does nothing where it is over or cannot be skipped. */
  rest(phase: TrainingPhase): void {
    this.#listener?.(phase);
  }

  /** Tells the one run that follows, until the returned function is called. */
  follow(listener: (phase: TrainingPhase) => void): () => void {
    this.#listener = listener;
    return () => {
      this.#listener = undefined;
    };
  }
}
