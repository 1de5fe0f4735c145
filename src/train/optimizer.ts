import type { FlatParameters, Gathering } from '../autograd/flat-parameters.ts';
import { Segments } from '../autograd/segments.ts';
import { requireState } from '../autograd/state-dict.ts';
import { GradproofError } from '../errors.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { mapped } from '../graph/call.ts';
import { clipGradients, clipGradNorm } from '../ops/optim/clip_grad_norm.ts';
import { lrSchedule } from '../ops/optim/lr_schedule.ts';
import { rateRows } from '../ops/optim/step-rates.ts';
import { chooseVariant } from '../ops/variants.ts';
import { seam } from '../seam.ts';
import { type HostTensor, type HostTensors, hostTensorFrom } from '../tensor/host.ts';
import type { Shape } from '../tensor/shape.ts';
import { Tensor, type Tensors } from '../tensor/tensor.ts';
import type { Schedule } from '../vocabulary/optim/lr_schedule.ts';
import type { Fingerprints } from './fingerprints.ts';
import { KeptGradients, type StepGradients } from './kept-gradients.ts';
import { LossScaler, type LossScaling } from './loss-scaler.ts';
import { checkOptimizer } from './settings-rules.ts';
import type { ProcessGroup } from './sharded/process-group.ts';
import { ShardedUpdate, type Sharding } from './sharded/sharded-update.ts';
import { whyNotShared } from './sharded/why-not-shared.ts';
import { type Judge, judgeStage, runStage, type Stage } from './stage.ts';
import {
  type OptimizerParams,
  type ShapeRule,
  scaledRule,
  type UpdateRule,
  updateRule,
} from './update-rule.ts';

/** What surrounds the step itself. */
export interface OptimizerOptions {
  /** How the rate changes over the steps. Default constant. */
  readonly schedule?: Schedule;
  /**
   * The largest norm that all gradients together keep: larger ones are scaled down to it. Default
   * none.
   */
  readonly max_grad_norm?: number | undefined;
  /**
   * Loss scaling that follows what gradients overflow, as torch.amp.GradScaler has it: see
   * {@link Optimizer.lossScale}. Default none.
   */
  readonly grad_scaler?: LossScaling | undefined;
  /** They see what every stage of a step leaves. Default none. */
  readonly fingerprints?: Fingerprints | undefined;
  /** Keep gradients and their norm for {@link Optimizer.readGradients}. Default false. */
  readonly keep_gradients?: boolean | undefined;
  /** Where each step leaves the norm before it was clipped, f32 [1]. Default nowhere. */
  readonly norm_to?: Tensor | undefined;
  /** Other ranks that step the same parameters: see {@link Optimizer.share}. Default none. */
  readonly sharding?: Sharding | undefined;
}

/** A parameter that is stepped by itself. */
interface SteppedParameter {
  readonly name: string;
  readonly shape: Shape;
  /** Where it begins among all, in floats. */
  readonly offset: number;
  readonly rule: ShapeRule;
  readonly kept: Tensors;
}

/**
 * All that a step changes, after `step` steps (those that were left out count too): `param`, what
 * the optimizer keeps, the loss scale.
 */
export interface OptimizerState {
  readonly step: number;
  readonly tensors: HostTensors;
}

/**
 * Frees what an optimizer owns. A seam, so that parameters and state can be looked at as it leaves
 * them.
 */
const release = seam(
  'train.release',
  (_lasting: Readonly<Record<string, Segments | Tensor>>, owned: readonly Disposable[]) => {
    for (const one of owned) one[Symbol.dispose]();
  },
);

/**
 * Throws GradproofError `not-implemented` for parameters that are no matrices where the optimizer
 * steps these alone.
 */
function checkMatrices({ layout }: FlatParameters, name: string): void {
  const others = [...layout.entries].flatMap(([of, { shape }]) => (shape.length === 2 ? [] : [of]));
  if (others.length > 0)
    throw new GradproofError(
      'not-implemented',
      `${name} steps matrices alone, and there are ${others.join(', ')}: take another optimizer`,
    );
}

/**
 * Throws GradproofError `no-parameters` where there is nothing to train: a layer whose trits are
 * fixed has no float weights behind them.
 */
const checkParameters = seam('train.check_parameters', ({ names }: FlatParameters): void => {
  if (names.length === 0)
    throw new GradproofError(
      'no-parameters',
      'an optimizer needs parameters, and the model has none: give it float weights to train',
    );
});

/** Throws GradproofError `not-implemented` for what ranks do not share. */
function checkShared({ strategy }: Sharding, rule: UpdateRule, scalesLoss: boolean): void {
  const reason = whyNotShared(strategy, rule, scalesLoss);
  if (reason !== undefined) throw new GradproofError('not-implemented', reason);
}

/** The stages of an update. A seam, so that a control can leave one out, repeat or move it. */
const stagesOf = seam('train.update_stages', (stages: readonly Stage[]) => stages);

/**
 * AdamW, Adam, SGD or another optimizer of torch's over flat parameters: gradients are gathered into
 * buffers of the same layout, clipped by the norm of all of them, and one dispatch updates a
 * segment. Nothing is read back, and a captured update follows its schedule.
 */
export class Optimizer implements Disposable {
  readonly #gpu: Gpu;
  readonly #parameters: FlatParameters;
  readonly #rule: UpdateRule;
  readonly #schedule: Schedule;
  readonly #fingerprints: Fingerprints | undefined;
  readonly #scaler: LossScaler | undefined;
  readonly #kept: KeptGradients | undefined;
  readonly #normTo: Tensor | undefined;
  readonly #maxNorm: number | undefined;
  readonly #shared: ShardedUpdate | undefined;
  readonly #grad: Segments;
  readonly #state: Readonly<Record<string, Segments>>;
  /** Of an optimizer whose state hangs on the shapes, each parameter with what is kept of it. */
  readonly #each: readonly SteppedParameter[] | undefined;
  readonly #reads: Tensors;
  readonly #stages: readonly Stage[];
  #step = 0;

  /**
   * Throws SettingsError for hyperparameters that the optimizer has not or that are out of range, and
   * GradproofError `no-parameters` or `not-implemented`.
   */
  constructor(
    gpu: Gpu,
    parameters: FlatParameters,
    params: OptimizerParams,
    options: OptimizerOptions = {},
  ) {
    const { schedule = { name: 'constant' }, max_grad_norm, grad_scaler, fingerprints } = options;
    checkOptimizer(params);
    checkParameters(parameters);
    this.#gpu = gpu;
    this.#parameters = parameters;
    this.#schedule = schedule;
    this.#rule = updateRule(params, schedule);
    if (this.#rule.ofMatrices) checkMatrices(parameters, params.optimizer);
    this.#fingerprints = fingerprints;
    this.#normTo = options.norm_to;
    this.#maxNorm = max_grad_norm;
    const { sharding } = options;
    if (sharding) checkShared(sharding, this.#rule, grad_scaler !== undefined);
    this.#shared = sharding && new ShardedUpdate(parameters, sharding);
    const { layout } = parameters;
    // First, since it refuses a schedule that it has no table for.
    this.#scaler =
      grad_scaler &&
      new LossScaler(gpu, grad_scaler, scaledRule(params, schedule), layout.segments.length);
    const stepped = this.#shared?.own ?? parameters.segments.pieces;
    const lengths = stepped.map(({ size }) => size);
    const length = lengths.reduce((sum, size) => sum + size, 0);
    const zeros = () => new Segments(gpu, lengths, new Float32Array(length));
    this.#grad = zeros();
    this.#each = this.#ofEach();
    this.#reads = this.#rule.reads?.(gpu) ?? {};
    this.#state = Object.fromEntries(
      this.#each ? [] : this.#rule.state.map((name) => [name, zeros()]),
    );
    this.#kept = options.keep_gradients
      ? new KeptGradients(gpu, { segments: lengths, length })
      : undefined;
    // What is in parts is clipped as it is exchanged.
    const clips = max_grad_norm !== undefined && sharding?.strategy !== 'shard_grad_op';
    const clipping = clips ? [this.#clipping(max_grad_norm)] : [];
    const grads = this.#grad.pieces;
    const changed = stepped.map((param, i) => ({
      param,
      ...mapped(this.#state, ({ pieces }) => pieces[i] as Tensor),
    }));
    this.#stages = stagesOf(
      this.#scaler?.around(
        grads,
        this.#each?.map((one) => ({ ...this.#partsOf(one), rule: one.rule.scaled })) ??
          grads.map((grad, i) => ({ reads: { grad }, changed: changed[i] as Tensors })),
        clipping,
      ) ?? [
        ...clipping,
        ...(this.#each?.map((one) => this.#steppingOne(one)) ??
          (this.#rule.ofMatrices
            ? this.#steppingMatrices()
            : grads.map((grad, i) => this.#stepping({ grad }, changed[i] as Tensors)))),
      ],
    );
  }

  /** With loss scaling the factor of the loss, f32 [1]: the gradient with which backward starts. */
  get lossScale(): Tensor | undefined {
    return this.#scaler?.state.scale;
  }

  /** Ranks that step the same parameters; undefined where there are none. */
  get group(): ProcessGroup | undefined {
    return this.#shared?.group;
  }

  /** Steps that were counted. */
  get step(): number {
    return this.#step;
  }

  /** Counts one more step, which is about to be recorded, or replayed by a capture. */
  advance(): void {
    this.#step += 1;
  }

  /**
   * Records the update of the step that was counted last. `gradients` are by parameter view; every
   * parameter must have one. Where ranks share it, it waits for {@link Optimizer.share}.
   */
  update(gradients: ReadonlyMap<Tensor, Tensor>): void {
    this.#gather(gradients);
    if (!this.#shared) this.#runStages();
  }

  /** As {@link Optimizer.update}, of gradients that come one by one; their end is the update. */
  updating(): Gathering {
    if (this.#shared) return this.#shared.gathering();
    const { take, end } = this.#parameters.gathering(this.#grad);
    return {
      take,
      end: () => {
        end();
        this.#kept?.begin(this.#grad);
        this.#runStages();
      },
    };
  }

  /**
   * Where ranks share the update: sums the gradients that were given over them, and makes it; with
   * all of them, which must call it too. Throws what {@link ProcessGroup} throws.
   */
  async share(): Promise<void> {
    if (!this.#shared) return;
    await this.#exchange(this.#shared);
    this.#runStages();
    await this.#shared.gatherParameters();
  }

  /**
   * As {@link Optimizer.update}, with what went into each stage, what came out of it, and the rates
   * of the run shown to `judge`.
   */
  async judgedUpdate(gradients: ReadonlyMap<Tensor, Tensor>, judge: Judge): Promise<void> {
    this.#gather(gradients);
    if (this.#shared) await this.#exchange(this.#shared);
    for (const stage of this.#stages)
      await judgeStage(this.#gpu, stage, (outputs) => this.#see(outputs), judge);
    await this.#shared?.gatherParameters();
    // Under loss scaling the rates are part of the step.
    if (!this.#scaler) await this.#judgeRates(judge);
  }

  /** Parameters and state as they are now: where it is in parts, this rank's alone. */
  async read(): Promise<OptimizerState> {
    const tensors: Record<string, HostTensor> = {};
    for (const [name, tensor] of Object.entries(this.#lasting)) tensors[name] = await tensor.read();
    return { step: this.#step, tensors };
  }

  /** The gradients of the last step; undefined where they were not kept. */
  async readGradients(): Promise<StepGradients | undefined> {
    return await this.#kept?.read(this.#grad);
  }

  /**
   * Goes on from what {@link Optimizer.read} gave. Throws StateDictError, before anything is
   * written, when that was an optimizer of another kind or of other parameters.
   */
  write({ step, tensors }: OptimizerState): void {
    requireState(this.#lasting, tensors);
    this.#step = step;
    for (const [name, tensor] of Object.entries(this.#lasting))
      tensor.write(tensors[name] as HostTensor);
  }

  /** What a step changes of the parameters' layout. */
  get #flat(): Readonly<Record<string, Segments>> {
    return { param: this.#parameters.segments, ...this.#state };
  }

  get #lasting(): Readonly<Record<string, Segments | Tensor>> {
    return { ...this.#flat, ...this.#ofParameters, ...this.#scaler?.state };
  }

  /** What is kept of each parameter by itself, by the names of both. */
  get #ofParameters(): Tensors {
    const all = this.#each?.flatMap(({ name, kept }) =>
      Object.entries(kept).map(([state, tensor]) => [`${name}.${state}`, tensor] as const),
    );
    return Object.fromEntries(all ?? []);
  }

  #ofEach(): readonly SteppedParameter[] | undefined {
    const { ofShape } = this.#rule;
    return (
      ofShape &&
      [...this.#parameters.layout.entries].map(([name, { shape, offset }]) => {
        const rule = ofShape(shape);
        const kept = mapped(rule.kept, (stored) =>
          Tensor.zeros(this.#gpu, stored.shape, stored.dtype),
        );
        return { name, shape, offset, rule, kept };
      })
    );
  }

  #runStages(): void {
    for (const stage of this.#stages) runStage(stage, (outputs) => this.#see(outputs));
  }

  #gather(gradients: ReadonlyMap<Tensor, Tensor>): void {
    if (this.#shared) {
      const { take, end } = this.#shared.gathering();
      for (const [parameter, gradient] of gradients) take(parameter, gradient);
      end();
      return;
    }
    this.#parameters.gather(gradients, this.#grad);
    this.#kept?.begin(this.#grad);
  }

  async #exchange(shared: ShardedUpdate): Promise<void> {
    const norm = await shared.exchange(this.#grad, this.#maxNorm);
    this.#kept?.begin(this.#grad);
    if (norm === undefined) return;
    using told = Tensor.from(this.#gpu, hostTensorFrom('f32', [1], [norm]));
    this.#see({ norm: told });
  }

  #see(outputs: Tensors): void {
    this.#fingerprints?.see(outputs);
    if (this.#kept) this.#kept.see(outputs);
    if (outputs['norm']) this.#normTo?.copyFrom(outputs['norm']);
  }

  #clipping(max_norm: number): Stage {
    const params = { max_norm };
    const grads = this.#grad.pieces;
    return {
      op: clipGradNorm,
      params: () => params,
      reads: {},
      changes: Object.fromEntries(grads.map((grad, i) => [`g${i}`, grad])),
      run: () => ({ norm: clipGradients(this.#gpu, grads, params) }),
    };
  }

  #steppingMatrices(): readonly Stage[] {
    return [...this.#parameters.layout.entries.values()].map(({ shape, offset }) => {
      const part = (of: Segments) => of.view(shape, { offset: 4 * offset });
      return this.#stepping({ grad: part(this.#grad) }, mapped(this.#flat, part));
    });
  }

  #steppingOne(one: SteppedParameter): Stage {
    const { reads, changed } = this.#partsOf(one);
    return this.#stepping(reads, changed, one.rule);
  }

  /** What the step of one parameter reads and changes. */
  #partsOf({ shape, offset, rule, kept }: SteppedParameter) {
    const part = (of: Segments) => of.view(shape, { offset: 4 * offset });
    return {
      reads: { grad: part(this.#grad), ...(rule.takesReads ? this.#reads : {}) },
      changed: { param: part(this.#parameters.segments), ...kept },
    };
  }

  #stepping(
    reads: Tensors,
    changed: Tensors,
    { op, at, step }: Pick<UpdateRule, 'op' | 'at' | 'step'> = this.#rule,
  ): Stage {
    return {
      op,
      params: () => ({ ...at(this.#step), step: this.#step }),
      reads,
      changes: changed,
      run: () => {
        step(this.#gpu, { ...reads, ...changed }, () => this.#step);
        return {};
      },
    };
  }

  async #judgeRates(judge: Judge): Promise<void> {
    // A rate of 1, so that what is judged is the share that each step takes of its own. As many at
    // every step: memory must not grow.
    const params = { base_lr: 1, steps: rateRows(this.#schedule, []), ...this.#schedule };
    const variant = chooseVariant(this.#gpu, lrSchedule);
    const outputs = lrSchedule.forward(this.#gpu, {}, params);
    await judge([
      { layer: 'optimizer', op: lrSchedule.signature, variant, params, inputs: {}, outputs },
    ]);
    outputs.lr[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    const owned = {
      ...{ scaler: this.#scaler, kept: this.#kept, grad: this.#grad },
      ...{ ...this.#state, ...this.#ofParameters, ...this.#reads },
    };
    release(
      this.#lasting,
      Object.values(owned).filter((one) => one !== undefined),
    );
  }
}
