import type { Examples } from '../../data/examples.ts';
import type { ProcessGroup } from '../sharded/process-group.ts';
import type { LlamaTrainingConfig } from './config/read-training-config.ts';
import type { HeldoutTexts } from './heldout-texts.ts';
import type { LlamaObserver } from './llama-training.ts';
import type { LlamaProgress } from './progress.ts';
import type { RunHistory } from './run-history.ts';
import type { RunLoop } from './run-loop.ts';
import type { RunMemory } from './run-memory.ts';
import type { RunPlan } from './run-plan.ts';
import { peaksOf } from './run-ranks.ts';
import { toldStep } from './told-step.ts';

/** What steps are made of, and who looks at them. */
export interface RunStepsOptions extends Pick<LlamaObserver, 'judge' | 'profile'> {
  readonly running: RunLoop;
  readonly plan: RunPlan;
  readonly config: LlamaTrainingConfig;
  readonly heldout: HeldoutTexts;
  readonly history: RunHistory;
  readonly memory: RunMemory;
  readonly group: ProcessGroup | undefined;
  /** Whether none is judged. */
  readonly unjudged: boolean;
  /** Whether the step that is made is the last. */
  readonly stopped: () => boolean;
}

/** Makes the steps of a run, and tells of each. */
export class RunSteps {
  readonly #options: RunStepsOptions;

  constructor(options: RunStepsOptions) {
    this.#options = options;
  }

  /** Makes step `step`, from 1 on; the loss of the texts that are held out is its last word. */
  async *make(step: number): AsyncGenerator<LlamaProgress, void> {
    const { running, plan, config, history, memory, group, profile } = this.#options;
    const started = performance.now();
    profile?.begin(step);
    const { parts, boundUsed } = await this.#step(step);
    await profile?.end();
    if (boundUsed !== undefined) yield history.add({ type: 'judged', step, boundUsed });
    const loss = await running.loop.readLoss();
    const figures = { started, step, loss, parts, ...memory.now() };
    const peaks = await peaksOf(group, figures.peakBytes);
    const told = await toldStep(figures, plan, config, running.norm);
    yield history.add({ type: 'step', ...told, ...peaks });
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

  /** The micro-batches of the step; of a judged one the largest share of a bound that is used. */
  async #step(
    step: number,
  ): Promise<{ readonly parts: readonly Examples[]; readonly boundUsed?: number }> {
    const { running, config, judge, unjudged } = this.#options;
    const isJudged = !unjudged && (step === 1 || step % config.judgeSteps === 0);
    if (!isJudged) return { parts: (await running.loop.step()) ?? [] };
    let boundUsed = 0;
    const parts = await running.loop.judgedStep(async (applications) => {
      boundUsed = Math.max(boundUsed, await judge(step, applications));
    });
    return { parts: parts ?? [], boundUsed };
  }
}
