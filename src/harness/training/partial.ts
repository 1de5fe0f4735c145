import { finiteOrNull } from '../../reference/judge.ts';
import type { TrainingProgress } from '../../train/progress.ts';
import { withCause } from '../cause.ts';
import type { CaseOutcome, TrainMessage } from '../worker/messages.ts';
import { TRAINING_SUITE, trainingId } from '../worker/train-job.ts';

/**
 * What is known of a run that has not ended: the result of one that was cancelled, or whose worker
 * died.
 */
export class PartialTraining {
  readonly #id: string;
  readonly #started = performance.now();
  readonly #loss: (number | null)[] = [];
  readonly #heldout: (number | null)[] = [];

  constructor(request: Pick<TrainMessage, 'seed' | 'steps'>) {
    this.#id = trainingId(request);
  }

  add(progress: TrainingProgress): void {
    if (progress.type === 'step') this.#loss.push(finiteOrNull(progress.loss));
    if (progress.type === 'heldout') this.#heldout.push(finiteOrNull(progress.loss));
  }

  /** The outcome with the curves so far. */
  outcome(status: CaseOutcome['status'], code: string, reason: string): CaseOutcome {
    return withCause({
      id: this.#id,
      suite: TRAINING_SUITE,
      backend: 'webgpu',
      covers: [],
      tier: 'full',
      status,
      durationMs: performance.now() - this.#started,
      assertions: 0,
      kernels: [],
      error: { code, message: `${reason} after step ${this.#loss.length}` },
      series: { loss: [...this.#loss], heldout: [...this.#heldout] },
    });
  }
}
