import type { LlamaTuned } from './llama-training.ts';
import { type Happened, isHappened, type LlamaMilestone } from './progress.ts';
import type { SeenStep } from './recovery/run-watch.ts';
import type { FoundNonFinite } from './recovery/step-guard.ts';

/** What a run told so far, which its checkpoints keep. */
export class RunHistory {
  readonly #all: LlamaMilestone[];

  /** Of a run that goes on, with what it told before. */
  constructor(before: readonly LlamaMilestone[] = []) {
    this.#all = [...before];
  }

  /** What happened after the first `known` entries, without the steps between. */
  happenedAfter(known: number): readonly Happened[] {
    return this.#all.slice(known).filter(isHappened);
  }

  /** The steps that it made, as who watched it saw them. */
  get seen(): readonly SeenStep[] {
    const seen: SeenStep[] = [];
    let skipped: (FoundNonFinite & { readonly step: number }) | undefined;
    for (const told of this.#all) {
      // The step itself is told next, unless it was gone back before that.
      if (isHappened(told)) skipped = told.type === 'skipped' ? told : undefined;
      else if (told.type === 'step') {
        const { step, loss } = told;
        seen.push({ step, loss, found: skipped?.step === step ? skipped : undefined });
      }
    }
    return seen;
  }

  /** As it is now. */
  get all(): readonly LlamaMilestone[] {
    return [...this.#all];
  }

  /** Keeps what is told, and returns it. */
  add<Told extends LlamaMilestone>(told: Told): Told {
    this.#all.push(told);
    return told;
  }

  /** The held-out loss before the first step and the last one; nothing where none was measured. */
  get heldoutCourse(): Pick<LlamaTuned, 'heldoutBefore' | 'heldoutAfter'> {
    const losses = this.#all.flatMap((one) => (one.type === 'heldout' ? [one.loss] : []));
    const [heldoutBefore] = losses;
    const heldoutAfter = losses.at(-1);
    return heldoutBefore === undefined || heldoutAfter === undefined
      ? {}
      : { heldoutBefore, heldoutAfter };
  }

  get judgedSteps(): number {
    return this.#all.filter(({ type }) => type === 'judged').length;
  }

  /** The held-out loss after that step; undefined where none was measured there. */
  heldoutAt(step: number): number | undefined {
    const last = this.#all.findLast((one) => one.type === 'heldout' && one.step === step);
    return last?.type === 'heldout' ? last.loss : undefined;
  }
}
