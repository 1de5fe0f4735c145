import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { tableInUse } from '../../ops/tuning/table-in-use.ts';
import { HostHome } from '../../tensor/value-home.ts';
import type { RunSubject } from '../checkpoint/run-checkpoint.ts';
import { ShardHome } from '../sharded/shard-home.ts';
import type { LlamaTrainingConfig } from './config/read-training-config.ts';
import { HeldoutTexts } from './heldout-texts.ts';
import { whyUnjudged } from './judged-work.ts';
import { keepsFrozen } from './keeps-frozen.ts';
import type { LlamaObserver, LlamaTraining, LlamaTuned } from './llama-training.ts';
import { grownModel, openModel } from './open-model.ts';
import type { LlamaProgress } from './progress.ts';
import { isFailure } from './recovery/run-faults.ts';
import { RunWatch } from './recovery/run-watch.ts';
import type { RunHistory } from './run-history.ts';
import { placesOf, RunKeeping } from './run-keeping.ts';
import { RunLoop } from './run-loop.ts';
import { RunMemory } from './run-memory.ts';
import { type RunPlan, readAtOnce } from './run-plan.ts';
import { anySays, heldoutOf, outlast } from './run-ranks.ts';
import { RunSteps } from './run-steps.ts';
import { Talk } from './talk.ts';
import { toldStart } from './told-start.ts';

/** A run from where it begins, or from a checkpoint. */
export interface RunAttempt extends LlamaTraining {
  readonly plan: RunPlan;
  /** What its checkpoints are of; undefined where none are made. */
  readonly subject: RunSubject | undefined;
  readonly bytesForecast: number;
  /** What it told before this, and will have told. */
  readonly history: RunHistory;
}

/**
 * Loads the model and makes the steps that are left. It owns all that it makes on the device; what it
 * throws leaves nothing there.
 */
export async function* attempt(
  gpu: Gpu,
  run: RunAttempt,
  observer: LlamaObserver,
): AsyncGenerator<LlamaProgress, LlamaTuned> {
  const { folder, model: architecture, config, saved, from, sharding } = run;
  const { plan, subject, history } = run;
  const { stopped = () => false, gate, asker, keeper } = observer;
  const memory = new RunMemory(gpu);
  using owned = new Scope();
  const reads = readAtOnce(architecture, config, plan);
  const sized = { ...config, length: asker ? reads.tokens : plan.longest };
  const transfers = config.offload && { toDevice: 0, toHost: 0 };
  const isInParts = sharding?.strategy === 'full_shard';
  const home = isInParts
    ? owned.add(new ShardHome(sharding.group))
    : transfers && config.offload === 'all'
      ? new HostHome(transfers)
      : undefined;
  const given = { folder, config: architecture };
  const model = owned.add(await openModel(gpu, given, sized, saved, home));
  yield { type: 'loaded', ...memory.now() };
  const answering = { gpu, model, keepsFrozen: keepsFrozen(config), most: reads.most };
  const talk = asker && new Talk(asker, answering, memory, isInParts);
  const unjudged = unjudgedBy(architecture, config, plan);
  yield { type: 'start', ...toldStart(plan, model, run.bytesForecast, unjudged) };
  const running = owned.add(new RunLoop(gpu, model, plan, config, { sharding, transfers }));
  const { loop } = running;
  const group = sharding?.group;
  const heldout = new HeldoutTexts(gpu, model, heldoutOf(plan, group), config.batchSize);
  const watch = new RunWatch(config.recovery, history.seen, keeper !== undefined);
  const steps = new RunSteps({
    ...{ running, model, transfers, plan, config, heldout, history, watch, memory, group, stopped },
    ...{ judge: observer.judge, profile: observer.profile, unjudged: unjudged !== undefined },
  });
  let step = 0;
  if (from) {
    loop.restore(from.checkpoint.state);
    await home?.settle();
    step = from.checkpoint.state.step;
  }
  if (from || history.all.length > 0)
    yield { type: 'resumed-from', step, history: history.all, broken: from?.broken ?? [] };
  if (!from && !heldout.isEmpty) yield await steps.heldout(step);
  const keeping =
    keeper &&
    subject &&
    new RunKeeping(keeper, {
      ...{ loop, history, watch, subject, steps: plan.steps, tuned: tableInUse(gpu) },
      parameters: placesOf(model.parameters.layout),
      from: from?.checkpoint,
    });
  /** The first rank writes what all of them give. */
  const keep = async (isDue = false): Promise<readonly LlamaProgress[]> => {
    if (!(await anySays(group, isDue))) return [];
    if (keeping) return await keeping.make(step);
    await loop.checkpoint();
    return [];
  };
  while (step < plan.steps) {
    // A run that waits may be ended by a tab that is closed.
    const waits = gate?.closed ?? false;
    await keeping?.settle(step);
    yield* await keep(keeping?.isDue(step, waits) && !watch.isAlarmed);
    if (waits) {
      yield { type: 'paused', step };
      await outlast(group, talk ? talk.answerUntil(gate?.opened, step) : gate?.opened);
      yield { type: 'resumed', step };
    }
    if (await anySays(group, stopped())) break;
    await outlast(group, talk?.answerAll(step));
    try {
      yield* steps.make(step + 1);
    } catch (thrown) {
      // What other ranks have of the state is not to be had any more.
      if (keeping && !group && isFailure(thrown)) yield* await keeping.rescue(step);
      throw thrown;
    }
    step += 1;
  }
  yield* await keep(keeping?.lacks(step));
  if (observer.finish) {
    using _held = model.holding();
    await observer.finish(model);
  }
  const left: LlamaTuned = {
    trained: await model.parameters.read(),
    steps: step,
    isStopped: stopped(),
    ...history.heldoutCourse,
    judgedSteps: history.judgedSteps,
    peakBytes: memory.now().peakBytes,
    ...(subject ? { model: subject.model } : {}),
  };
  observer.tuned?.(left);
  if (talk && asker && asker.waitMs > 0) {
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
