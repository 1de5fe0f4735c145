import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { requireSubject, runSubject } from '../checkpoint/run-subject.ts';
import type { LlamaTrainingConfig } from './config/read-training-config.ts';
import { forecastLlama, requireRoom } from './forecast-llama.ts';
import { HeldoutTexts } from './heldout-texts.ts';
import { whyUnjudged } from './judged-work.ts';
import type { LlamaObserver, LlamaTraining, LlamaTuned } from './llama-training.ts';
import { grownModel, openModel } from './open-model.ts';
import { pinnedTable } from './pinned-table.ts';
import type { LlamaProgress } from './progress.ts';
import { RunHistory } from './run-history.ts';
import { placesOf, RunKeeping } from './run-keeping.ts';
import { RunLoop } from './run-loop.ts';
import { RunMemory } from './run-memory.ts';
import { type RunPlan, runPlan } from './run-plan.ts';
import { anyStops, heldoutOf } from './run-ranks.ts';
import { RunSteps } from './run-steps.ts';
import { Talk } from './talk.ts';
import { toldStart } from './told-start.ts';

/**
 * Fine-tunes a Llama of a folder on texts, holds the last ones out, and tells how it goes. The
 * first step and every `judgeSteps`-th are shown to the observer, unless a step is too much work for
 * an oracle. From a checkpoint it goes on with the same bits, by the tuning table that it was begun
 * with. Throws what loading throws, TooLargeError, and RunCheckpointError for a checkpoint of another
 * run, before anything is on the device.
 */
export async function* fineTuneLlama(
  gpu: Gpu,
  { folder, model: architecture, texts, config, saved, from, sharding }: LlamaTraining,
  observer: LlamaObserver,
): AsyncGenerator<LlamaProgress, LlamaTuned> {
  const { stopped = () => false, gate, asker, keeper } = observer;
  const plan = runPlan(texts, config);
  const subject = keeper || from ? await runSubject({ folder, texts, config }) : undefined;
  if (from && subject) requireSubject(from.checkpoint.subject, subject);
  using _table = from && pinnedTable(gpu, from.checkpoint.tuned);
  const forecast = forecastLlama(architecture, config, plan.longest);
  requireRoom(forecast, gpu.limits);
  const memory = new RunMemory(gpu);
  using owned = new Scope();
  const sized = { ...config, length: asker ? lengthFor(architecture, config, plan) : plan.longest };
  const model = owned.add(await openModel(gpu, { folder, config: architecture }, sized, saved));
  yield { type: 'loaded', ...memory.now() };
  const talk = asker && new Talk(asker, { gpu, model, isAdapted: Boolean(config.adapter) }, memory);
  const unjudged = unjudgedBy(architecture, config, plan);
  yield { type: 'start', ...toldStart(plan, model, forecast.total, unjudged) };
  const running = owned.add(new RunLoop(gpu, model, plan, config, sharding));
  const { loop } = running;
  const group = sharding?.group;
  const heldout = new HeldoutTexts(gpu, model, heldoutOf(plan, group), config.batchSize);
  const history = new RunHistory(from?.checkpoint.history);
  const steps = new RunSteps({
    ...{ running, plan, config, heldout, history, memory, group, stopped },
    ...{ judge: observer.judge, profile: observer.profile, unjudged: unjudged !== undefined },
  });
  let step = 0;
  if (from) {
    const { checkpoint, broken } = from;
    loop.restore(checkpoint.state);
    step = checkpoint.state.step;
    history.add({ type: 'restored', step, at: new Date().toISOString() });
    yield { type: 'resumed-from', step, history: history.all, broken };
  } else if (!heldout.isEmpty) yield await steps.heldout(step);
  const keeping =
    keeper &&
    subject &&
    new RunKeeping(keeper, {
      ...{ loop, history, subject, steps: plan.steps, tuned: gpu.tuned },
      parameters: placesOf(model.parameters.layout),
      from: from?.checkpoint,
    });
  while (step < plan.steps) {
    if (gate?.closed) {
      yield { type: 'paused', step };
      await (talk ? talk.answerUntil(gate.opened, step) : gate.opened);
      yield { type: 'resumed', step };
    }
    if (await anyStops(group, stopped())) break;
    await talk?.answerAll(step);
    step += 1;
    yield* steps.make(step);
    if (keeping) yield* await keeping.after(step);
  }
  if (keeping) yield* await keeping.end(step);
  await observer.finish?.(model);
  const left: LlamaTuned = {
    trained: await model.parameters.read(),
    steps: step,
    isStopped: stopped(),
    ...history.heldoutCourse,
    judgedSteps: history.judgedSteps,
    peakBytes: memory.now().peakBytes,
  };
  observer.tuned?.(left);
  if (talk && asker && asker.waitMs > 0 && !left.isStopped) {
    yield { type: 'talking', step };
    await talk.answerRest(step);
  }
  return left;
}

/** Why no step is judged; undefined where some are. */
function unjudgedBy(
  architecture: ModelConfig,
  config: LlamaTrainingConfig,
  { longest }: RunPlan,
): string | undefined {
  if (config.judgeSteps === 0) return 'judge_steps is 0';
  const { batchSize, accumulation } = config;
  return whyUnjudged(grownModel(architecture, config).grown, batchSize * accumulation, longest);
}

/**
 * Tokens that a model is to read which is asked too: as many as a text may have, where positions
 * and masks do not depend on it.
 */
const lengthFor = (
  { slidingWindow }: ModelConfig,
  { length }: LlamaTrainingConfig,
  { longest }: RunPlan,
): number => (slidingWindow ? longest : Math.max(longest, length));
