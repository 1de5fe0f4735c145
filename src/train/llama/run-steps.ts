import type { Examples } from '../../data/examples.ts';
import type { Transfers } from '../../gpu/paged-memory.ts';
import type { Llama } from '../../models/llama/llama.ts';
import type { ProcessGroup } from '../sharded/process-group.ts';
import type { LlamaTrainingConfig } from './config/read-training-config.ts';
import type { HeldoutTexts } from './heldout-texts.ts';
import type { LlamaObserver } from './llama-training.ts';
import type { LlamaProgress } from './progress.ts';
import { stepFailure } from './recovery/run-faults.ts';
import type { RunWatch } from './recovery/run-watch.ts';
import type { FoundNonFinite } from './recovery/step-guard.ts';
import type { RunHistory } from './run-history.ts';
import type { RunLoop } from './run-loop.ts';
import type { RunMemory } from './run-memory.ts';
import type { RunPlan } from './run-plan.ts';
import { peaksOf } from './run-ranks.ts';
import { toldStep } from './told-step.ts';

/** What steps are made of, and who looks at them. */
export interface RunStepsOptions extends Pick<LlamaObserver, 'judge' | 'profile'> {
  readonly running: RunLoop;
  readonly model: Llama;
  /** What went between host and device; undefined where nothing does. */
  readonly transfers: Transfers | undefined;
  readonly plan: RunPlan;
  readonly config: LlamaTrainingConfig;
  readonly heldout: HeldoutTexts;
  readonly history: RunHistory;
  readonly watch: RunWatch;
  readonly memory: RunMemory;
  readonly group: ProcessGroup | undefined;
  /** Whether none is judged. */
  readonly unjudged: boolean;
  /** Whether the step that is made is the last. */
  readonly stopped: () => boolean;
}

/** A step that was made. */
interface MadeStep {
  readonly parts: readonly Examples[];
  /** Of a judged one the largest share of a bound that is used. */
  readonly boundUsed?: number;
}

/** Makes the steps of a run, and tells of each. */
export class RunSteps {
  readonly #options: RunStepsOptions;

  constructor(options: RunStepsOptions) {
    this.#options = options;
  }

  /**
   * Makes step `step`, from 1 on, and tells the loss of the texts that are held out where it is due.
   * Throws {@link StepError}, and what a {@link RunWatch} throws.
   */
  async *make(step: number): AsyncGenerator<LlamaProgress, void> {
    const { running, transfers, plan, config, history, watch, memory, group, profile } =
      this.#options;
    const started = performance.now();
    const before = transfers && { ...transfers };
    profile?.begin(step);
    const { made, found } = await this.#guarded(step);
    await profile?.end();
    const { parts, boundUsed } = made;
    if (boundUsed !== undefined) yield history.add({ type: 'judged', step, boundUsed });
    if (found) yield history.add({ type: 'skipped', step, at: new Date().toISOString(), ...found });
    const loss = await running.loop.readLoss();
    const updates = running.updates ?? step;
    const isLeftOut = found !== undefined;
    const figures = { started, step, loss, parts, updates, isLeftOut, ...memory.now() };
    const peaks = await peaksOf(group, figures.peakBytes);
    const told = await toldStep(figures, plan, config, running.norm);
    const moved = transfers && before && { transferredBytes: bytesSince(before, transfers) };
    yield history.add({ type: 'step', ...told, ...peaks, ...moved });
    watch.see({ step, loss, found });
    if (this.#isHeldoutDue(step)) yield await this.heldout(step);
  }

  /** Measures the loss of the texts that are held out, after `step` steps. */
  async heldout(step: number): Promise<LlamaProgress> {
    const { heldout, history } = this.#options;
    return history.add({ type: 'heldout', step, loss: await heldout.loss() });
  }

  #isHeldoutDue(step: number): boolean {
    const { heldout, config, plan, stopped } = this.#options;
    if (heldout.isEmpty) return false;
    return step % config.evalSteps === 0 || step === plan.steps || stopped();
  }

  /** A step, with what of its gradients was not finite. */
  async #guarded(
    step: number,
  ): Promise<{ readonly made: MadeStep; readonly found?: FoundNonFinite | undefined }> {
    const { running, plan } = this.#options;
    try {
      return await running.guard.around(() => this.#step(step));
    } catch (error) {
      throw stepFailure(error, step, step / plan.stepsOfEpoch);
    }
  }

  async #step(step: number): Promise<MadeStep> {
    const { running, model, config, judge, unjudged } = this.#options;
    const isJudged = !unjudged && (step === 1 || step % config.judgeSteps === 0);
    if (!isJudged) return { parts: (await running.loop.step()) ?? [] };
    let boundUsed = 0;
    using _held = model.holding();
    const parts = await running.loop.judgedStep(async (applications) => {
      boundUsed = Math.max(boundUsed, await judge(step, applications));
    });
    return { parts: parts ?? [], boundUsed };
  }
}

const bytesSince = (before: Transfers, now: Transfers): number =>
  now.toDevice - before.toDevice + (now.toHost - before.toHost);
