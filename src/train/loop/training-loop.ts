import type { AutocastType } from '../../autograd/autocast.ts';
import { RandomState } from '../../autograd/random-state.ts';
import { requireState } from '../../autograd/state-dict.ts';
import type { TapeOptions } from '../../autograd/tape.ts';
import type { Examples } from '../../data/examples.ts';
import { GradproofError, invariant } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Application } from '../../graph/call.ts';
import type { Model } from '../../models/model.ts';
import { seam } from '../../seam.ts';
import type { HostTensor, HostTensors } from '../../tensor/host.ts';
import type { Tensor, Tensors } from '../../tensor/tensor.ts';
import type { Fingerprints } from '../fingerprints.ts';
import type { Optimizer, OptimizerState } from '../optimizer.ts';
import { largestOfRanks, meanOverRanks } from '../sharded/gather-numbers.ts';
import type { ProcessGroup } from '../sharded/process-group.ts';
import type { Rank } from '../sharded/rank.ts';
import type { BatchSource } from './batch-source.ts';
import { type Pass, Passes, type PassOptions } from './passes.ts';
import { type StepBucket, StepBuckets } from './step-buckets.ts';
import type { AccumMean, StepInputs } from './step-inputs.ts';

/** Who looks on. */
export interface LoopObservers {
  /** See what every op computes; the optimizer shows them its stages by itself. */
  readonly fingerprints?: Fingerprints | undefined;
  /** Is shown every op of every pass that is recorded, and may record more. */
  readonly watch?: TapeOptions['watch'];
  /** Is shown the mean loss of each micro-batch, f32 [parts], before the step is submitted. */
  readonly endStep?: (losses: Tensor) => void;
}

/** What is trained, on what, and how. */
export interface LoopOptions {
  readonly model: Model;
  readonly source: BatchSource;
  /** Absent in a frozen run, whose steps do all but the update. */
  readonly optimizer?: Optimizer | undefined;
  /** Seed of the model's own random numbers, as of dropout. Default none are drawn. */
  readonly seed?: number | undefined;
  /** Products are stored in this format, as by torch.autocast. Default none. */
  readonly autocast?: AutocastType | undefined;
  /** The loss of a position is that of the label after it. Default false. */
  readonly shift?: boolean | undefined;
  /** What the loss of a step is the mean of: its labels, or the means of its micro-batches. Default `token`. */
  readonly accum_mean?: AccumMean | undefined;
  /** Default none. */
  readonly observers?: LoopObservers;
}

/** All that a step changes, after `step` steps of the optimizer. */
export interface LoopState extends OptimizerState {
  /** Counters of the model's random numbers that the steps used up. */
  readonly random: number;
  /** Running statistics of the model. */
  readonly statistics: HostTensors;
}

/**
 * Looks at what a judged step computed, while its tensors live: at every pass, which comes with its
 * applications, and at every stage of the update.
 */
export type StepJudge = (
  applications: readonly Application<Tensor>[],
  pass?: Pass,
) => Promise<void>;

const restoreStatistics = seam(
  'train.restore_statistics',
  (statistics: Tensors, saved: HostTensors) => {
    for (const [name, tensor] of Object.entries(statistics))
      tensor.write(saved[name] as HostTensor);
  },
);

/** What a loop goes on from. A seam, so that a control can leave a part of it out. */
const restored = seam('train.restored_state', (state: LoopState): LoopState => state);

const seek = seam('train.seek', (source: BatchSource, step: number) => source.seek(step));

/**
 * Trains a model, step by step: forward and backward over micro-batches, statistics, update. A step
 * is recorded anew or, from {@link TrainingLoop.capture} on, replayed with the same bits; it is one
 * submit, and nothing is read back, unless ranks share its update. The loop owns neither model nor optimizer.
 */
export class TrainingLoop implements Disposable {
  readonly #gpu: Gpu;
  readonly #options: LoopOptions;
  readonly #random: RandomState | undefined;
  /** Steps that the optimizer had counted before the loop began. */
  readonly #before: number;
  readonly #buckets: StepBuckets;
  #steps = 0;
  #captures = false;
  /** What was asked of the source ahead of its step. */
  #next: readonly Examples[] | undefined;
  #last: StepInputs | undefined;

  /** Throws GradproofError `not-implemented` for a model with running statistics that ranks share. */
  constructor(gpu: Gpu, options: LoopOptions) {
    const { optimizer, seed, shift, accum_mean } = options;
    if (optimizer?.group && options.model.statistics)
      throw new GradproofError(
        'not-implemented',
        'running statistics are not shared by ranks: train this model on one device',
      );
    this.#gpu = gpu;
    this.#options = options;
    this.#random =
      seed === undefined ? undefined : new RandomState(ownSeed(seed, optimizer?.group));
    this.#before = optimizer?.step ?? 0;
    this.#buckets = new StepBuckets(gpu, { shift, accum_mean });
  }

  /**
   * Makes the next step and returns its micro-batches; undefined where the source has none left. In
   * a captured run it waits for the capture of a shape that is new. Throws CaptureError. What is
   * thrown before an update that waits leaves the state of the step before.
   */
  async step(): Promise<readonly Examples[] | undefined> {
    const parts = this.#take();
    if (!parts) return undefined;
    const bucket = this.#buckets.holding(parts, this.#options.source.others);
    if (this.#captures && !bucket.isCaptured) await this.#captureOnce(bucket);
    const { optimizer } = this.#options;
    if (!optimizer?.waits) optimizer?.advance();
    const isReplayed = bucket.replay(this.#listeners);
    if (!isReplayed) this.#record(bucket.inputs);
    if (optimizer?.waits) await optimizer.complete();
    if (optimizer?.group) await this.#advanceTogether(optimizer.group);
    else if (!isReplayed) this.#random?.advance();
    this.#end(bucket.inputs);
    return parts;
  }

  /**
   * From here on steps are replayed, each from the capture of one of its shapes: that of the next
   * step is made now. What was captured before is freed. Throws CaptureError, and GradproofError
   * `not-implemented` where the step waits for the host.
   */
  async capture(): Promise<void> {
    if (this.#options.optimizer?.waits)
      throw new GradproofError(
        'not-implemented',
        'a step that ranks share, that is to be accepted, or whose parameters or optimizer lie on the host waits for the host, and is not captured: leave capture out',
      );
    this.#buckets[Symbol.dispose]();
    this.#last = undefined;
    this.#captures = true;
    this.#next ??= this.#options.source.next();
    if (this.#next) await this.#captureOnce(this.#buckets.holding(this.#next));
  }

  /**
   * As {@link TrainingLoop.step}, recorded anew, with everything that it computed shown to `judge`:
   * first the passes of the model, then the update.
   */
  async judgedStep(judge: StepJudge): Promise<readonly Examples[] | undefined> {
    const parts = this.#take();
    if (!parts) return undefined;
    const { inputs } = this.#buckets.holding(parts, this.#options.source.others);
    this.#random?.begin();
    using passes = this.#passes(inputs, { trace: true });
    const { optimizer } = this.#options;
    if (!optimizer?.waits) optimizer?.advance();
    for (const part of inputs.parts) {
      const pass = passes.begin(part);
      await judge(pass.applications, pass);
      passes.end();
    }
    await optimizer?.judgedUpdate(passes.gradients, judge);
    if (optimizer?.group) await this.#advanceTogether(optimizer.group);
    else this.#random?.advance();
    this.#end(inputs);
    return parts;
  }

  /**
   * Waits for the last step, and reads its mean loss over all labels, those of other ranks too,
   * before its update.
   */
  async readLoss(): Promise<number> {
    invariant(this.#last, () => 'the loss of a loop is read before it made a step');
    const own = await this.#last.readLoss();
    const group = this.#options.optimizer?.group;
    return group ? await meanOverRanks(group, own) : own.mean;
  }

  /** Steps that were made, those before the loop began with them. */
  get stepsMade(): number {
    return this.#before + this.#steps;
  }

  /** The state after the last step. */
  async checkpoint(): Promise<LoopState> {
    const { optimizer, model } = this.#options;
    const updated = (await optimizer?.read()) ?? { step: this.#steps, tensors: {} };
    const statistics: Record<string, HostTensor> = {};
    for (const [name, tensor] of Object.entries(model.statistics ?? {}))
      statistics[name] = await tensor.read();
    return { ...updated, random: this.#random?.base ?? 0, statistics };
  }

  /**
   * Goes on, bit by bit, from the state of a loop over the same model, data and options: the next
   * step is the one after it. What is captured stays. Throws StateDictError, before anything is
   * written, when it is the state of another model or optimizer.
   */
  restore(state: LoopState): void {
    const { optimizer, model, source } = this.#options;
    const whole = restored(state);
    const { statistics, random, step } = whole;
    requireState(model.statistics ?? {}, statistics);
    optimizer?.write(whole);
    restoreStatistics(model.statistics ?? {}, statistics);
    if (this.#random) this.#random.base = random;
    this.#steps = step - this.#before;
    this.#next = undefined;
    seek(source, this.#steps);
  }

  get #listeners() {
    return { random: this.#random, fingerprints: this.#options.observers?.fingerprints };
  }

  #take(): readonly Examples[] | undefined {
    const parts = this.#next ?? this.#options.source.next();
    this.#next = undefined;
    return parts;
  }

  async #captureOnce(bucket: StepBucket): Promise<void> {
    if (bucket.isCaptured) return;
    await bucket.capture(this.#gpu, () => this.#record(bucket.inputs), this.#listeners);
  }

  /** What a step does on the device, the same each time. */
  #record(inputs: StepInputs): void {
    this.#random?.begin();
    const updating = this.#options.optimizer?.updating();
    using passes = this.#passes(inputs, { take: updating?.take });
    for (const part of inputs.parts) {
      passes.begin(part);
      passes.end();
    }
    for (const [parameter, gradient] of passes.gradients) updating?.take(parameter, gradient);
    updating?.end();
  }

  /** Ranks go on behind the most that one of them took, so that one number says where all are. */
  async #advanceTogether(group: ProcessGroup): Promise<void> {
    const random = this.#random;
    if (random?.position) random.advance(await largestOfRanks(group, random.position));
  }

  #end(inputs: StepInputs): void {
    const { endStep, fingerprints } = this.#options.observers ?? {};
    endStep?.(inputs.losses);
    fingerprints?.endStep();
    this.#last = inputs;
    this.#steps += 1;
    this.#gpu.submit();
  }

  #passes({ parts }: StepInputs, how: Pick<PassOptions, 'trace' | 'take'>): Passes {
    const { model, optimizer, autocast, shift, observers = {} } = this.#options;
    const options: PassOptions = {
      ...how,
      shift,
      autocast,
      random: this.#random,
      scale: optimizer?.lossScale,
      addedByTaker: how.take && optimizer?.group !== undefined,
      watch: watchOf(observers),
    };
    return new Passes(this.#gpu, model, parts.length, options);
  }

  [Symbol.dispose](): void {
    this.#buckets[Symbol.dispose]();
  }
}

function watchOf({ fingerprints, watch }: LoopObservers): TapeOptions['watch'] {
  if (!fingerprints) return watch;
  return (application) => {
    fingerprints.see(application.gradients ?? application.outputs);
    if (watch) watch(application);
  };
}

/** Ranks draw from streams of their own. */
const ownSeed = seam('train.seed_of_rank', (seed: number, group: Rank | undefined): number =>
  group ? (seed + group.rank * 2 ** 32) % 2 ** 53 : seed,
);
