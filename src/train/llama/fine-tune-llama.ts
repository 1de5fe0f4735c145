import type { Examples } from '../../data/examples.ts';
import type { LabelledTokens } from '../../data/labelled-tokens.ts';
import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Transfers } from '../../gpu/paged-memory.ts';
import { Scope } from '../../gpu/scope.ts';
import type { TuningRow } from '../../gpu/tuning.ts';
import type { Llama } from '../../models/llama/llama.ts';
import { seam } from '../../seam.ts';
import type { HostTensor, HostTensors } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { CheckpointKeeper, FoundCheckpoint } from '../checkpoint/checkpoint-keeper.ts';
import { requireSubject, runSubject } from '../checkpoint/run-subject.ts';
import type { Gate } from '../gate.ts';
import { type StepJudge, TrainingLoop } from '../loop/training-loop.ts';
import { meanLoss } from '../mini-training.ts';
import { Optimizer } from '../optimizer.ts';
import { anyOf, gatherNumbers } from '../sharded/gather-numbers.ts';
import { RankBatches } from '../sharded/rank-batches.ts';
import type { Sharding } from '../sharded/sharded-update.ts';
import type { StepProfile } from '../step-profile.ts';
import type { LlamaTrainingConfig } from './config/read-training-config.ts';
import { forecastLlama, requireRoom } from './forecast-llama.ts';
import { whyUnjudged } from './judged-work.ts';
import { grownModel, openModel } from './open-model.ts';
import type { LlamaProgress } from './progress.ts';
import { RunHistory } from './run-history.ts';
import { placesOf, RunKeeping } from './run-keeping.ts';
import { RunMemory } from './run-memory.ts';
import { type RunPlan, runPlan } from './run-plan.ts';
import { type Asker, Talk } from './talk.ts';
import { collated, TextBatches } from './text-batches.ts';
import { toldStep } from './told-step.ts';

/** A model, the texts, and how it is trained. */
export interface LlamaTraining {
  readonly folder: ModelFolder;
  /** What the folder's config.json says. */
  readonly model: ModelConfig;
  readonly texts: readonly LabelledTokens[];
  readonly config: LlamaTrainingConfig;
  /** Values of an adapter to go on from. Default it is drawn. */
  readonly saved?: ReadonlyMap<string, HostTensor> | undefined;
  /** Ranks that train it together, all with the same of the rest; the first one holds texts out. */
  readonly sharding?: Sharding | undefined;
  /** A checkpoint of the same run to go on from. Default it begins. */
  readonly from?: FoundCheckpoint | undefined;
}

/** What watches a run. */
export interface LlamaObserver {
  /** Looks at all that a judged step computed; returns the largest share of a bound used. */
  readonly judge: (step: number, applications: Parameters<StepJudge>[0]) => Promise<number>;
  /** Whether the run is to end after the step that is made. Default never. */
  readonly stopped?: () => boolean;
  /** Closed, it lets the run wait before its next step. Default always open. */
  readonly gate?: Gate | undefined;
  /** Asks the model between two steps, while the run waits, and after the last. Default no one. */
  readonly asker?: Asker | undefined;
  /** Times what the steps dispatch. */
  readonly profile?: StepProfile | undefined;
  /** Makes checkpoints when they are due, and after the last step. Default none is made. */
  readonly keeper?: CheckpointKeeper | undefined;
  /** Is given the model when no more step is made. */
  readonly finish?: ((model: Llama) => Promise<void>) | undefined;
  /** Given what the run leaves after that, before the last questions. */
  readonly tuned?: (tuned: LlamaTuned) => void;
}

/** What a run leaves. */
export interface LlamaTuned {
  /** All that was trained: adapters, named `<module>.lora_A` and so on, or weights. */
  readonly trained: HostTensors;
  /** Steps that were made: fewer than were asked for where the run was stopped. */
  readonly steps: number;
  readonly isStopped: boolean;
  readonly heldoutBefore?: number;
  readonly heldoutAfter?: number;
  readonly judgedSteps: number;
  readonly peakBytes: number;
}

/** Gradients of a frozen control are thrown away. */
const isFrozen = seam('train.llama.frozen', (): boolean => false);

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
  {
    judge,
    stopped = () => false,
    tuned = () => {},
    gate,
    asker,
    profile,
    keeper,
    finish,
  }: LlamaObserver,
): AsyncGenerator<LlamaProgress, LlamaTuned> {
  const plan = runPlan(texts, config);
  const subject = keeper || from ? await runSubject({ folder, texts, config }) : undefined;
  if (from && subject) requireSubject(from.checkpoint.subject, subject);
  using _table = from && pinnedTable(gpu, from.checkpoint.tuned);
  const { batchSize, accumulation, precision, maxGradNorm, seed } = config;
  const forecast = forecastLlama(architecture, config, plan.longest);
  requireRoom(forecast, gpu.limits);
  const memory = new RunMemory(gpu);
  using owned = new Scope();
  const sized = { ...config, length: asker ? lengthFor(architecture, config, plan) : plan.longest };
  const transfers = config.offload && { toDevice: 0, toHost: 0 };
  const ofModel = config.offload === 'all' ? transfers : undefined;
  const given = { folder, config: architecture };
  const model = owned.add(await openModel(gpu, given, sized, saved, ofModel));
  yield { type: 'loaded', ...memory.now() };
  const talk = asker && new Talk(asker, { gpu, model, isAdapted: Boolean(config.adapter) }, memory);
  const unjudged =
    config.judgeSteps === 0
      ? 'judge_steps is 0'
      : whyUnjudged(grownModel(architecture, config).grown, batchSize * accumulation, plan.longest);
  yield {
    type: 'start',
    steps: plan.steps,
    trainable: model.parameters.count,
    frozen: frozenCount(model),
    trainingRows: plan.training.length,
    heldoutRows: plan.heldout.length,
    bytesForecast: forecast.total,
    ...(unjudged === undefined ? {} : { unjudged }),
  };
  const norm = maxGradNorm > 0 ? owned.add(Tensor.zeros(gpu, [1])) : undefined;
  const optimizer = isFrozen()
    ? undefined
    : owned.add(
        new Optimizer(gpu, model.parameters, config.optimizer, {
          schedule: plan.schedule,
          max_grad_norm: maxGradNorm || undefined,
          grad_scaler: precision === 'fp16' ? {} : undefined,
          norm_to: norm,
          ...{ sharding, transfers },
        }),
      );
  const group = sharding?.group;
  const batches = new TextBatches(plan.training, config);
  const source = group ? new RankBatches(batches, group) : batches;
  const autocast = ({ fp32: undefined, fp16: 'float16', bf16: 'bfloat16' } as const)[precision];
  const loop = owned.add(
    new TrainingLoop(gpu, { model, source, optimizer, seed, autocast, shift: true }),
  );
  const heldout = group && group.rank > 0 ? [] : batchesOf(plan.heldout, batchSize);
  const heldoutLoss = () => meanLoss(gpu, model, heldout, true);
  const history = new RunHistory(from?.checkpoint.history);
  let step = 0;
  if (from) {
    const { checkpoint, broken } = from;
    loop.restore(checkpoint.state);
    step = checkpoint.state.step;
    history.add({ type: 'restored', step, at: new Date().toISOString() });
    yield { type: 'resumed-from', step, history: history.all, broken };
  } else if (heldout.length > 0)
    yield history.add({ type: 'heldout', step, loss: await heldoutLoss() });
  const keeping =
    keeper &&
    subject &&
    new RunKeeping(keeper, {
      ...{ loop, history, subject, steps: plan.steps, tuned: gpu.tuned },
      parameters: placesOf(model.parameters.layout),
      from: from?.checkpoint,
    });
  const judgedStep = async (look: StepJudge) => {
    using _held = model.holding();
    return await loop.judgedStep(look);
  };
  const isOver = async () => (group ? await anyOf(group, stopped()) : stopped());
  while (step < plan.steps) {
    if (gate?.closed) {
      yield { type: 'paused', step };
      await (talk ? talk.answerUntil(gate.opened, step) : gate.opened);
      yield { type: 'resumed', step };
    }
    if (await isOver()) break;
    await talk?.answerAll(step);
    step += 1;
    const started = performance.now();
    const isJudged = !unjudged && (step === 1 || step % config.judgeSteps === 0);
    let boundUsed = 0;
    profile?.begin(step);
    const moved = transfers && { ...transfers };
    const parts = isJudged
      ? await judgedStep(async (applications) => {
          boundUsed = Math.max(boundUsed, await judge(step, applications));
        })
      : await loop.step();
    await profile?.end();
    if (isJudged) {
      yield history.add({ type: 'judged', step, boundUsed });
    }
    const loss = await loop.readLoss();
    const figures = { started, step, loss, parts: parts ?? [], ...memory.now() };
    const peaks = group && (await gatherNumbers(group, [figures.peakBytes])).flat();
    yield history.add({
      type: 'step',
      ...(await toldStep(figures, plan, config, norm)),
      ...(peaks ? { peakBytesOfWorkers: peaks } : {}),
      ...(transfers && moved ? { transferredBytes: bytesSince(moved, transfers) } : {}),
    });
    if (heldout.length > 0 && (step % config.evalSteps === 0 || step === plan.steps || stopped())) {
      yield history.add({ type: 'heldout', step, loss: await heldoutLoss() });
    }
    if (keeping) yield* await keeping.after(step);
  }
  if (keeping) yield* await keeping.end(step);
  {
    using _held = model.holding();
    await finish?.(model);
  }
  const heldoutBefore = history.heldout[0];
  const heldoutAfter = history.heldout.at(-1);
  const left: LlamaTuned = {
    trained: await model.parameters.read(),
    steps: step,
    isStopped: stopped(),
    ...(heldoutBefore === undefined ? {} : { heldoutBefore }),
    ...(heldoutAfter === undefined ? {} : { heldoutAfter }),
    judgedSteps: history.judgedSteps,
    peakBytes: memory.now().peakBytes,
  };
  tuned(left);
  if (talk && asker && asker.waitMs > 0 && !left.isStopped) {
    yield { type: 'talking', step };
    await talk.answerRest(step);
  }
  return left;
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

function batchesOf(texts: readonly LabelledTokens[], size: number): readonly Examples[] {
  return Array.from({ length: Math.ceil(texts.length / size) }, (_, batch) =>
    collated(texts.slice(batch * size, (batch + 1) * size)),
  );
}

const bytesSince = (before: Transfers, now: Transfers): number =>
  now.toDevice - before.toDevice + (now.toHost - before.toHost);

/** Until it is disposed, variants are chosen by these rows. */
function pinnedTable(gpu: Gpu, rows: readonly TuningRow[]): Disposable {
  const before = gpu.tuned;
  gpu.tuned = rows;
  return {
    [Symbol.dispose]: () => {
      gpu.tuned = before;
    },
  };
}

/** Numbers of the model that are not trained, those of codes by the weights they stand for. */
function frozenCount(model: Llama): number {
  const trained = new Set(model.parameters.names);
  return model.names
    .filter((name) => !trained.has(name))
    .reduce((sum, name) => sum + model.view(name).shape.reduce((n, extent) => n * extent, 1), 0);
}
