import { storedCodes } from '../../formats/hugging-face/checkpoint.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { requireSubject, runSubject } from '../checkpoint/run-subject.ts';
import type { Sharding } from '../sharded/sharded-update.ts';
import { forecastLlama, requireRoom } from './forecast-llama.ts';
import type { LlamaObserver, LlamaTraining, LlamaTuned } from './llama-training.ts';
import { pinnedTable } from './pinned-table.ts';
import type { LlamaProgress } from './progress.ts';
import { wayOnAfter } from './recovery/recovery.ts';
import { changedConfig } from './recovery/run-changes.ts';
import { resumedHistory } from './resumed-history.ts';
import { attempt } from './run-attempt.ts';
import { RunHistory } from './run-history.ts';
import { runPlan } from './run-plan.ts';
import type { WorkersChoice } from './sharding-faults.ts';

/**
 * Fine-tunes a Llama of a folder on texts, holds the last ones out, and tells how it goes. The
 * first step and every `judgeSteps`-th are shown to the observer, unless a step is too much work
 * for an oracle. From a checkpoint it goes on with the same bits, by the tuning table that it was
 * begun with. Where memory runs out, gradients stay not finite or the loss explodes, it goes on
 * from the last checkpoint with what {@link wayOnAfter} changes, and its history says so; of ranks
 * that share it the first one decides, and starts the others anew. Throws what loading throws,
 * TooLargeError, and RunCheckpointError for a checkpoint of another run, before anything is on the
 * device.
 */
export async function* fineTuneLlama(
  gpu: Gpu,
  training: LlamaTraining,
  observer: LlamaObserver,
): AsyncGenerator<LlamaProgress, LlamaTuned> {
  const { texts, config, startRanks } = training;
  const { keeper } = observer;
  let { from } = training;
  // What other ranks are given the first one has looked at.
  const isFirst = !training.sharding || training.sharding.group.rank === 0;
  const isOfSubject = isFirst && (keeper || from);
  const subject = isOfSubject ? (training.subject ?? (await runSubject(training))) : undefined;
  if (from && subject) requireSubject(from.checkpoint.subject, subject);
  using _table = from && pinnedTable(gpu, from.checkpoint.tuned);
  let history = training.told ? new RunHistory(training.told) : resumedHistory(training, keeper);
  const stored = await storedCodes(training.folder, training.model);
  for (;;) {
    const changed = changedConfig(config, history.all);
    const plan = runPlan(texts, changed);
    const sharding = startRanks?.({ from, told: history.all }) ?? training.sharding;
    try {
      const choice = choiceOf(sharding);
      const forecast = forecastLlama(training.model, changed, plan.longest, choice, stored);
      requireRoom(forecast, gpu.limits);
      const run = { ...training, sharding, from, config: changed, plan, subject, history };
      return yield* attempt(gpu, { ...run, bytesForecast: forecast.total }, observer);
    } catch (thrown) {
      // Commands of a step that was not made, and buffers that the device may have refused.
      gpu.recorder.discard();
      gpu.memory.trim();
      const isKept = keeper !== undefined;
      const wayOn =
        isFirst && wayOnAfter(thrown, { config: changed, history: history.all, isKept });
      if (!wayOn) throw thrown;
      sharding?.group.fail(thrown);
      from = await keeper?.goBack(wayOn.latest, wayOn.isSound);
      const before = from?.checkpoint.history ?? [];
      const change = wayOn.change(from?.checkpoint.state.step ?? 0);
      if (!change) throw thrown;
      history = new RunHistory([...before, ...history.happenedAfter(before.length), change]);
    }
  }
}

/** How many ranks share a run, and what each of them holds. */
export const choiceOf = (sharding: Sharding | undefined): WorkersChoice | undefined =>
  sharding && { workers: sharding.group.size, strategy: sharding.strategy };
