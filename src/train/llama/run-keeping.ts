import type { FlatLayout } from '../../autograd/flat-parameters.ts';
import type { TuningRow } from '../../gpu/tuning.ts';
import type { CheckpointKeeper, WaysBack } from '../checkpoint/checkpoint-keeper.ts';
import type { RunCheckpoint, RunSubject } from '../checkpoint/run-checkpoint.ts';
import type { TrainingLoop } from '../loop/training-loop.ts';
import type { LlamaProgress } from './progress.ts';
import { waysBack } from './recovery/recovery.ts';
import type { RunWatch } from './recovery/run-watch.ts';
import type { RunHistory } from './run-history.ts';

/** What checkpoints of a run hold. */
interface KeptRun extends Pick<RunCheckpoint, 'steps' | 'parameters'> {
  readonly loop: TrainingLoop;
  readonly history: RunHistory;
  readonly watch: RunWatch;
  readonly subject: RunSubject;
  readonly tuned: readonly TuningRow[];
  /** Where the run goes on from. */
  readonly from: RunCheckpoint | undefined;
}

/** Makes the checkpoints of one run when they are due. */
export class RunKeeping {
  readonly #keeper: CheckpointKeeper;
  readonly #run: KeptRun;
  /** After how many steps the last one was made. */
  #last: number | undefined;
  /** Whether the last one failed, which was told. */
  #isFailing = false;
  /** Whether those before the last one may still be needed. */
  #isNew = false;

  constructor(keeper: CheckpointKeeper, run: KeptRun) {
    this.#keeper = keeper;
    this.#run = run;
    this.#last = run.from?.state.step;
    keeper.begin(this.#last ?? 0, run.from?.best);
  }

  /** Whether one is due after `step` steps, as it always is where the run then `waits`. */
  isDue(step: number, waits: boolean): boolean {
    if (waits || step === 0) return waits && this.lacks(step);
    return this.lacks(step) && this.#keeper.isDue(step, this.#run.history.heldoutAt(step));
  }

  /** Whether there is none after `step` steps. */
  lacks(step: number): boolean {
    return step !== this.#last;
  }

  /**
   * Makes one after `step` steps, when in the next one something was thrown: of what that left as it
   * was, and where the device can still be read.
   */
  async rescue(step: number): Promise<readonly LlamaProgress[]> {
    if (this.#run.loop.stepsMade !== step) return [];
    // What was thrown first is the fault that is told.
    return this.lacks(step) ? await this.make(step).catch(() => []) : [];
  }

  /** Makes one after `step` steps; what is to be told of it. */
  async make(step: number): Promise<readonly LlamaProgress[]> {
    const { loop, history, watch, from: _, ...run } = this.#run;
    // Who goes on without an interruption makes none in an alarm, and knows no best one there.
    const heldout = watch.isAlarmed ? undefined : history.heldoutAt(step);
    const made = async (best: RunCheckpoint['best']) => ({
      ...{ ...run, best, history: history.all },
      ...{ engine: this.#keeper.engine, madeBy: this.#keeper.workers },
      state: await loop.checkpoint(),
      writtenAt: new Date().toISOString(),
    });
    const kept = await this.#keeper.write(step, heldout, made, this.#waysBack(step));
    const isNews = !this.#isFailing;
    this.#isFailing = 'failure' in kept;
    if ('failure' in kept) {
      const at = new Date().toISOString();
      const failed = { type: 'checkpoint-failed', step, at, why: kept.failure } as const;
      return isNews ? [history.add(failed)] : [];
    }
    this.#last = step;
    this.#isNew = true;
    return [{ type: 'checkpoint', step, ...kept, share: this.#keeper.share }];
  }

  /** Lets those go that were needed until the step after the last one was made, and found to be right. */
  async settle(step: number): Promise<void> {
    if (!this.#isNew || !this.lacks(step) || this.#run.watch.isAlarmed) return;
    this.#isNew = false;
    await this.#keeper.settle(step, this.#waysBack(step));
  }

  #waysBack(step: number): WaysBack {
    const { history, watch, steps } = this.#run;
    const since = step === steps ? Number.POSITIVE_INFINITY : watch.earliest;
    return waysBack(since, history.all, { isSound: (at) => watch.isSound(at) });
  }
}

/** Where parameters lie, as a checkpoint tells it. */
export const placesOf = ({ entries }: FlatLayout): RunCheckpoint['parameters'] =>
  Object.fromEntries(entries);
