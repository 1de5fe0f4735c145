import type { CaseContext } from '../../../src/testing/context.ts';
import { GroupedBatches } from '../../../src/train/grouped-batches.ts';
import { type LoopOptions, TrainingLoop } from '../../../src/train/loop/training-loop.ts';
import type { Optimizer } from '../../../src/train/optimizer.ts';
import { batchesOf, type Setting, STEPS } from './setting.ts';
import { StepJudge } from './step-judge.ts';

/**
 * How steps are made: each recorded anew, with all that it computes or without, or replayed; all
 * four, or the last two again from the state after the second.
 */
export type Path = 'eager' | 'recorded' | 'captured' | 'recorded-restored' | 'captured-restored';

/** What is trained, and how; its optimizer keeps the gradients. */
export type JudgedOptions = Omit<LoopOptions, 'source' | 'optimizer'> & {
  readonly optimizer: Optimizer;
};

/** A loop over the batches of a setting. */
function loopOver(t: CaseContext, setting: Setting, options: JudgedOptions): TrainingLoop {
  const batches = batchesOf(setting, t.seed);
  const [first = []] = batches;
  const source = new GroupedBatches(batches.flat(), first.length);
  return new TrainingLoop(t.gpu, { ...options, source });
}

/** Makes the steps of a setting, each held against the replica; `look` is awaited after each. */
export async function judgedRun(
  t: CaseContext,
  setting: Setting,
  path: Path,
  options: JudgedOptions,
  look: (step: number) => Promise<void> = async () => undefined,
): Promise<void> {
  using loop = loopOver(t, setting, options);
  const judge = new StepJudge(t, setting, options.model.parameters, await loop.checkpoint());
  if (path.startsWith('captured')) await loop.capture();
  for (let step = 1; step <= STEPS; step++) {
    if (path === 'eager') await loop.judgedStep(async () => undefined);
    else await loop.step();
    const state = await loop.checkpoint();
    await judge.step(state, await options.optimizer.readGradients(), await loop.readLoss());
    await look(step);
    if (2 * step !== STEPS || !path.endsWith('restored')) continue;
    for (let lost = step; lost < STEPS; lost++) await loop.step();
    loop.restore(state);
  }
  await judge.end();
}
