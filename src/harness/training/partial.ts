import { finiteOrNull } from '../../reference/judge.ts';
import type { LlamaMilestone, LlamaProgress } from '../../train/llama/progress.ts';
import type { TrainingProgress } from '../../train/progress.ts';
import { withCause } from '../cause.ts';
import type { CaseOutcome } from '../worker/messages.ts';

/** What a report calls a training. */
export type TrainingName = Pick<CaseOutcome, 'id' | 'suite'>;

/**
 * What is known of a run that has not ended: the result of one that was cancelled, or whose worker
 * died.
 */
export class PartialTraining {
  readonly #name: TrainingName;
  readonly #started = performance.now();
  #loss: (number | null)[] = [];
  #heldout: (number | null)[] = [];

  constructor(name: TrainingName) {
    this.#name = name;
  }

  add(progress: TrainingProgress | LlamaProgress | LlamaMilestone): void {
    if (progress.type === 'resumed-from') {
      this.#loss = [];
      this.#heldout = [];
      for (const one of progress.history) this.add(one);
    }
    if (progress.type === 'step') this.#loss.push(finiteOrNull(progress.loss));
    if (progress.type === 'heldout') this.#heldout.push(finiteOrNull(progress.loss));
  }

  /** The outcome with the curves so far. */
  outcome(status: CaseOutcome['status'], code: string, reason: string): CaseOutcome {
    return withCause({
      ...this.#name,
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
