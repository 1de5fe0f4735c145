import {
  type FlatParameters,
  type FlatPart,
  type Gathering,
  partsOf,
} from '../autograd/flat-parameters.ts';
import { Segments } from '../autograd/segments.ts';
import { requireState } from '../autograd/state-dict.ts';
import { GradproofError } from '../errors.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Transfers } from '../gpu/paged-memory.ts';
import { mapped } from '../graph/call.ts';
import { clipGradients, clipGradNorm, normOf } from '../ops/optim/clip_grad_norm.ts';
import { lrSchedule } from '../ops/optim/lr_schedule.ts';
import { rateRows } from '../ops/optim/step-rates.ts';
import { chooseVariant } from '../ops/variants.ts';
import { seam } from '../seam.ts';
import { type HostTensor, type HostTensors, hostTensorFrom, hostZeros } from '../tensor/host.ts';
import { JoinedRows } from '../tensor/joined-rows.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';
import { Tensor, type Tensors } from '../tensor/tensor.ts';
import { HostHome, placed, type ValueHome } from '../tensor/value-home.ts';
import type { Schedule } from '../vocabulary/optim/lr_schedule.ts';
import type { Fingerprints } from './fingerprints.ts';
import { KeptGradients, type StepGradients } from './kept-gradients.ts';
import { LossScaler, type LossScaling } from './loss-scaler.ts';
import { cutByGroup, groupedParts } from './parameter-groups.ts';
import { checkOptimizer } from './settings-rules.ts';
import type { ProcessGroup } from './sharded/process-group.ts';
import { ShardedUpdate, type Sharding } from './sharded/sharded-update.ts';
import { whyNotShared } from './sharded/why-not-shared.ts';
import { type Judge, judgeStage, runHolding, runStage, type Stage } from './stage.ts';
import {
  type OptimizerParams,
  type ShapeRule,
  scaledRule,
  type UpdateRule,
  updateRule,
} from './update-rule.ts';

/** Floats of a parameter that are stepped at once where what is kept of them lies on the host. */
export const STEPPED_AT_ONCE = 2 ** 20;
/** The largest float32: to clip to it changes nothing. */
const UNCLIPPED = (2 - 2 ** -23) * 2 ** 127;

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
   * Whether a parameter of this name decays; others are stepped with a weight_decay of 0, as torch's
   * second group of parameters is. Default all decay.
   */
  readonly decays?: ((name: string) => boolean) | undefined;
  /**
   * Loss scaling that follows what gradients overflow, as torch.amp.GradScaler has it: see
   * {@link Optimizer.lossScale}. Default none.
   */
  readonly grad_scaler?: LossScaling | undefined;
  /** They see what every stage of a step leaves. Default none. */
  readonly fingerprints?: Fingerprints | undefined;
  /** Keep gradients and their norm for {@link Optimizer.readGradients}. Default false. */
  readonly keep_gradients?: boolean | undefined;
  /** Where each step leaves the norm of all gradients, before they are clipped, f32 [1]. Default nowhere. */
  readonly norm_to?: Tensor | undefined;
  /** Other ranks that step the same parameters: see {@link Optimizer.complete}. Default none. */
  readonly sharding?: Sharding | undefined;
  /**
   * Asked before every update, by all gradients as they were gathered: where it says no, the update
   * is left out, and parameters and state keep their bits. Under loss scaling the device leaves out
   * what is not finite by itself, and a no is counted alone. See {@link Optimizer.complete}. Default
   * all are made.
   */
  readonly accept?: ((gradients: Segments) => Promise<boolean>) | undefined;
  /**
   * What the optimizer keeps stays on the host, and is on the device while its parameter is stepped;
   * counts what goes between. Default it lies on the device.
   */
  readonly transfers?: Transfers | undefined;
}

/** What outlasts a step. */
type Lasting = Segments | Tensor | JoinedRows;

/** A parameter that is stepped by itself, or one of its tensors. */
interface SteppedParameter {
  /** Of the parameter. */
  readonly name: string;
  readonly shape: Shape;
  /** Where it begins among all, in floats. */
  readonly offset: number;
  readonly group: number;
  readonly rule: ShapeRule;
  readonly kept: Tensors;
}

/** Numbers of one group that are stepped together. */
interface SteppedNumbers {
  readonly group: number;
  readonly reads: Tensors;
  readonly changed: Tensors;
}

/**
 * All that a step changes, after `step` steps (those that were left out count too): `param`, what
 * the optimizer keeps, the loss scale.
 */
export interface OptimizerState {
  readonly step: number;
  /** How many of them were left out, as the host decided. Default none. */
  readonly skipped?: number | undefined;
  readonly tensors: HostTensors;
}

/**
 * Frees what an optimizer owns. A seam, so that parameters and state can be looked at as it leaves
 * them.
 */
const release = seam(
  'train.release',
  (_lasting: Readonly<Record<string, Lasting>>, owned: readonly Disposable[]) => {
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
 * Throws GradproofError `not-implemented` for a parameter in several tensors whose steps go over all
 * of it, or over blocks that lie in two of them.
 */
function checkTensors(
  { layout }: FlatParameters,
  { ofMatrices, blocksize = 1 }: UpdateRule,
  name: string,
): void {
  const parted = [...layout.tensors].find(
    ([, tensors]) =>
      tensors.length > 1 &&
      (ofMatrices || tensors.slice(0, -1).some(({ shape }) => sizeOf(shape) % blocksize !== 0)),
  );
  if (parted)
    throw new GradproofError(
      'not-implemented',
      `${name} steps ${ofMatrices ? 'a matrix' : `${blocksize} numbers`} at once, and ${parted[0]}, which no kernel of this adapter reaches at once, is cut within them: take another optimizer`,
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
function checkShared(
  { strategy }: Sharding,
  rule: UpdateRule,
  how: { readonly scalesLoss: boolean; readonly isOffloaded: boolean },
): void {
  const reason = whyNotShared(strategy, rule, how);
  if (reason !== undefined) throw new GradproofError('not-implemented', reason);
}

/** Whether an update is made that was or was not accepted. */
const isMade = seam('train.is_made', (accepted: boolean): boolean => accepted);

/** Where pieces lie that follow each other from `start` on, in floats. */
function placesOf(pieces: readonly Tensor[], start = 0): readonly FlatPart[] {
  let end = start;
  return pieces.map(({ size }) => {
    end += size;
    return { offset: end - size, size };
  });
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
  /** Of each group of parameters: one, or those that decay and those that do not. */
  readonly #rules: readonly UpdateRule[];
  readonly #groupOf: (name: string) => number;
  readonly #schedule: Schedule;
  readonly #fingerprints: Fingerprints | undefined;
  readonly #scaler: LossScaler | undefined;
  readonly #kept: KeptGradients | undefined;
  readonly #normTo: Tensor | undefined;
  readonly #maxNorm: number | undefined;
  readonly #shared: ShardedUpdate | undefined;
  readonly #accept: OptimizerOptions['accept'];
  /** Where what is kept lies, but for the device. */
  readonly #home: ValueHome | undefined;
  readonly #grad: Segments;
  readonly #state: Readonly<Record<string, Segments>>;
  /** Of an optimizer whose state hangs on the shapes, each parameter with what is kept of it. */
  readonly #each: readonly SteppedParameter[] | undefined;
  readonly #reads: Tensors;
  readonly #stages: readonly Stage[];
  #step = 0;
  #skipped = 0;

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
    const { decays } = options;
    const isSplit = decays !== undefined && params.weight_decay !== 0;
    const groups = isSplit ? [params, { ...params, weight_decay: 0 }] : [params];
    this.#groupOf = (name) => (isSplit && !decays(name) ? 1 : 0);
    this.#rules = groups.map((group) => updateRule(group, schedule));
    if (this.#rule.ofMatrices) checkMatrices(parameters, params.optimizer);
    checkTensors(parameters, this.#rule, params.optimizer);
    this.#fingerprints = fingerprints;
    this.#normTo = options.norm_to;
    this.#maxNorm = max_grad_norm;
    this.#accept = options.accept;
    const { sharding, transfers } = options;
    this.#home = transfers && new HostHome(transfers);
    if (sharding) {
      const scalesLoss = grad_scaler !== undefined;
      checkShared(sharding, this.#rule, { scalesLoss, isOffloaded: this.isOffloaded });
    }
    this.#shared = sharding && new ShardedUpdate(parameters, sharding);
    const { layout } = parameters;
    // What comes to the device to be stepped does so in parts of a parameter.
    const most = this.#rule.ofMatrices ? undefined : STEPPED_AT_ONCE;
    const parts = this.isOffloaded ? partsOf(layout, most) : undefined;
    // First, since it refuses a schedule that it has no table for.
    this.#scaler =
      grad_scaler &&
      new LossScaler(
        gpu,
        grad_scaler,
        groups.map((group) => scaledRule(group, schedule)),
        (parts ?? layout.segments).length,
      );
    const cut = (of: Segments) =>
      parts?.map(({ offset, size }) => of.view([size], { offset: 4 * offset })) ?? of.pieces;
    const stepped = this.#shared?.own ?? cut(parameters.segments);
    const sizes = stepped.map(({ size }) => size);
    const lengths = this.isOffloaded ? layout.segments : sizes;
    const length = lengths.reduce((sum, size) => sum + size, 0);
    this.#grad = new Segments(gpu, lengths, new Float32Array(length)).countAs('gradients');
    const zeros = () =>
      new Segments(gpu, sizes, new Float32Array(length), this.#home).countAs('optimizer');
    this.#each = this.#ofEach();
    this.#reads = this.#rule.reads?.(gpu) ?? {};
    this.#state = Object.fromEntries(
      this.#each ? [] : this.#rule.state.map((name) => [name, zeros()]),
    );
    this.#kept = options.keep_gradients
      ? new KeptGradients(gpu, { segments: lengths, length })
      : undefined;
    // What is in parts is clipped as it is exchanged.
    const clipping = this.inParts ? [] : this.#clipping();
    const grads = cut(this.#grad);
    const together = () => this.#together(grads, stepped, parts);
    this.#stages = stagesOf(
      this.#scaler?.around(
        grads,
        this.#each?.map((one) => ({ ...this.#partsOf(one), rule: one.rule.scaled })) ?? together(),
        clipping,
      ) ?? [
        ...clipping,
        ...(this.#each?.map((one) => this.#stepping(this.#partsOf(one), one.rule)) ??
          (this.#rule.ofMatrices ? this.#matrices() : together()).map((numbers) =>
            this.#stepping(numbers),
          )),
      ],
    );
  }

  /** What all groups have in common. */
  get #rule(): UpdateRule {
    return this.#rules[0] as UpdateRule;
  }

  /** With loss scaling the factor of the loss, f32 [1]: the gradient with which backward starts. */
  get lossScale(): Tensor | undefined {
    return this.#scaler?.state.scale;
  }

  /** Ranks that step the same parameters; undefined where there are none. */
  get group(): ProcessGroup | undefined {
    return this.#shared?.group;
  }

  /** Ranks that have parts of gradients and state; undefined where each has all. */
  get inParts(): ShardedUpdate | undefined {
    return this.#shared?.isInParts ? this.#shared : undefined;
  }

  /** Whether parameters or what is kept of them lie on the host: see {@link Optimizer.complete}. */
  get isOffloaded(): boolean {
    const { pieces } = this.#parameters.segments;
    return this.#home !== undefined || pieces.some(({ paged }) => paged);
  }

  /** Steps that were counted. */
  get step(): number {
    return this.#step;
  }

  /** Of these, steps whose update was made: by their number go rates and corrections. */
  get updates(): number {
    return this.#step - this.#skipped;
  }

  /**
   * Whether an update waits for {@link Optimizer.complete}: ranks share it, it has to be accepted, or
   * what it changes lies on the host.
   */
  get waits(): boolean {
    return this.#shared !== undefined || this.#accept !== undefined || this.isOffloaded;
  }

  /** Counts one more step, which is about to be recorded, or replayed by a capture. */
  advance(): void {
    this.#step += 1;
  }

  /**
   * Records the update of the step that was counted last. `gradients` are by parameter view; every
   * parameter must have one. Where it {@link Optimizer.waits}, {@link Optimizer.complete} makes it.
   */
  update(gradients: ReadonlyMap<Tensor, Tensor>): void {
    this.#gather(gradients);
    if (!this.waits) this.#runStages();
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
        if (!this.waits) this.#runStages();
      },
    };
  }

  /**
  /**
   * Counts a step whose update waits, and makes it where it is accepted. Where ranks share it, the
   * gradients that were given are summed over them; all of them must call it. What lies on the host
   * comes to the device and back. Throws what {@link ProcessGroup} and `accept` throw: then nothing
   * is counted or changed.
   */
  async complete(): Promise<void> {
    if (await this.#isAccepted()) await this.#runWaiting();
    await this.#shared?.gatherParameters();
  }

  /**
   * As {@link Optimizer.update} and {@link Optimizer.complete}, with what went into each stage, what
   * came out of it, and the rates of the run shown to `judge`.
   */
  async judgedUpdate(gradients: ReadonlyMap<Tensor, Tensor>, judge: Judge): Promise<void> {
    this.#gather(gradients);
    if (await this.#isAccepted())
      await runHolding(this.#stages, (stage) =>
        judgeStage(this.#gpu, stage, (outputs) => this.#see(outputs), judge),
      );
    await this.#shared?.gatherParameters();
    // Under loss scaling the rates are part of the step.
    if (!this.#scaler) await this.#judgeRates(judge);
  }

  /**
   * Parameters and state as they are now. Where ranks have parts of it, all must call it, and each
   * gets the whole.
   */
  async read(): Promise<OptimizerState> {
    const tensors: Record<string, HostTensor> = {};
    for (const [name, tensor] of Object.entries(this.#lasting)) {
      const own = await tensor.read();
      tensors[name] = (await this.#partsOfState(name)?.wholeOf(own)) ?? own;
    }
    return {
      ...{ step: this.#step, tensors },
      // Under loss scaling the device's count of steps says it.
      ...(this.#skipped > 0 && !this.#scaler ? { skipped: this.#skipped } : {}),
    };
  }

  /** The gradients of the last step; undefined where they were not kept. */
  async readGradients(): Promise<StepGradients | undefined> {
    return await this.#kept?.read(this.#grad);
  }

  /**
   * Goes on from what {@link Optimizer.read} gave. Throws StateDictError, before anything is
   * written, when that was an optimizer of another kind or of other parameters.
   */
  write({ step, skipped = 0, tensors }: OptimizerState): void {
    const own = mapped(tensors, (given, name) => this.#partsOfState(name)?.partIn(given) ?? given);
    requireState(this.#lasting, own);
    this.#step = step;
    const made = this.#scaler && (tensors['steps'] as HostTensor).data[0];
    this.#skipped = made === undefined ? skipped : step - Number(made);
    for (const [name, tensor] of Object.entries(this.#lasting))
      tensor.write(own[name] as HostTensor);
  }

  /** Ranks that have parts of this state; undefined where each has all. */
  #partsOfState(name: string): ShardedUpdate | undefined {
    return Object.hasOwn(this.#state, name) ? this.inParts : undefined;
  }

  /** What a step changes of the parameters' layout. */
  get #flat(): Readonly<Record<string, Segments>> {
    return { param: this.#parameters.segments, ...this.#state };
  }

  get #lasting(): Readonly<Record<string, Lasting>> {
    return { ...this.#flat, ...this.#ofParameters, ...this.#scaler?.state };
  }

  /** What is kept of each parameter by itself, by the names of both. */
  get #ofParameters(): Readonly<Record<string, JoinedRows>> {
    const parts: Record<string, Tensor[]> = {};
    for (const { name, kept } of this.#each ?? [])
      for (const [state, tensor] of Object.entries(kept)) {
        parts[`${name}.${state}`] ??= [];
        parts[`${name}.${state}`]?.push(tensor);
      }
    return mapped(parts, (tensors) => new JoinedRows(tensors));
  }

  #ofEach(): readonly SteppedParameter[] | undefined {
    const { entries, tensors } = this.#parameters.layout;
    return (
      this.#rule.ofShape &&
      [...tensors].flatMap(([name, parts]) =>
        parts.map(({ shape, offset }) => {
          const group = this.#groupOf(name);
          const whole = entries.get(name)?.shape;
          const rule = this.#rules[group]?.ofShape?.(shape, whole) as ShapeRule;
          const kept = mapped(rule.kept, (stored) =>
            placed(this.#gpu, hostZeros(stored.dtype, stored.shape), this.#home).countAs(
              'optimizer',
            ),
          );
          return { name, shape, offset, group, rule, kept };
        }),
      )
    );
  }

  /** Where the update waits, counts its step, and whether it is to be recorded. */
  async #isAccepted(): Promise<boolean> {
    if (!this.waits) return true;
    if (this.#shared) {
      await this.#shared.exchange(this.#grad);
      this.#kept?.begin(this.#grad);
    }
    const accepted = isMade((await this.#accept?.(this.#grad)) ?? true);
    if (accepted && this.inParts) await this.#clipParts(this.inParts);
    this.advance();
    if (!accepted) this.#skipped += 1;
    return accepted || this.#scaler !== undefined;
  }

  async #runWaiting(): Promise<void> {
    if (!this.isOffloaded) return this.#runStages();
    await runHolding(this.#stages, (stage) => runStage(stage, (outputs) => this.#see(outputs)));
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

  async #clipParts(shared: ShardedUpdate): Promise<void> {
    if (this.#maxNorm === undefined && !this.#normTo) return;
    const norm = await shared.clip(this.#grad, this.#maxNorm ?? UNCLIPPED);
    using told = Tensor.from(this.#gpu, hostTensorFrom('f32', [1], [norm]));
    this.#see({ norm: told });
  }

  #see(outputs: Tensors): void {
    this.#fingerprints?.see(outputs);
    if (this.#kept) this.#kept.see(outputs);
    if (outputs['norm']) this.#normTo?.copyFrom(outputs['norm']);
  }

  /** Clips gradients, or takes their norm alone where that is told; else nothing. */
  #clipping(): readonly Stage[] {
    const grads = this.#grad.pieces;
    const named = Object.fromEntries(grads.map((grad, i) => [`g${i}`, grad]));
    const max_norm = this.#maxNorm;
    if (max_norm !== undefined)
      return [
        {
          op: clipGradNorm,
          params: () => ({ max_norm }),
          reads: {},
          changes: named,
          run: () => ({ norm: clipGradients(this.#gpu, grads, { max_norm }) }),
        },
      ];
    if (!this.#normTo) return [];
    return [
      {
        op: clipGradNorm,
        params: () => ({ max_norm: UNCLIPPED }),
        ...{ reads: named, changes: {}, writes: named },
        run: () => ({ norm: normOf(this.#gpu, grads) }),
      },
    ];
  }

  /** Pieces of all numbers with their gradients and state, each cut where another group begins. */
  #together(
    grads: readonly Tensor[],
    stepped: readonly Tensor[],
    parts: readonly FlatPart[] = placesOf(stepped, this.#shared?.part.start),
  ): readonly SteppedNumbers[] {
    const grouped = groupedParts(this.#parameters.layout, this.#groupOf);
    return parts.flatMap((part, i) =>
      cutByGroup(part, grouped).map(({ group, offset, size }) => {
        const own = (of: readonly Tensor[]) => {
          const piece = of[i] as Tensor;
          const from = 4 * (offset - part.offset);
          return size === piece.size ? piece : piece.view([size], { offset: from });
        };
        const state = mapped(this.#state, ({ pieces }) => own(pieces));
        return {
          ...{ group, reads: { grad: own(grads) } },
          changed: { param: own(stepped), ...state },
        };
      }),
    );
  }

  #matrices(): readonly SteppedNumbers[] {
    return [...this.#parameters.layout.entries].map(([name, { shape, offset }]) => {
      const part = (of: Segments) => of.view(shape, { offset: 4 * offset });
      return {
        ...{ group: this.#groupOf(name), reads: { grad: part(this.#grad) } },
        changed: mapped(this.#flat, part),
      };
    });
  }

  /** What the step of one parameter reads and changes. */
  #partsOf({ shape, offset, group, rule, kept }: SteppedParameter): SteppedNumbers {
    const part = (of: Segments) => of.view(shape, { offset: 4 * offset });
    return {
      group,
      reads: { grad: part(this.#grad), ...(rule.takesReads ? this.#reads : {}) },
      changed: { param: part(this.#parameters.segments), ...kept },
    };
  }

  #stepping(
    { group, reads, changed }: SteppedNumbers,
    { op, at, step }: Pick<UpdateRule, 'op' | 'at' | 'step'> = this.#rules[group] as UpdateRule,
  ): Stage {
    return {
      op,
      params: () => ({ ...at(this.updates), step: this.updates }),
      reads,
      changes: changed,
      run: () => {
        step(this.#gpu, { ...reads, ...changed }, () => this.updates);
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
      ...{ ...this.#state, ...this.#reads },
    };
    const ofParameters = this.#each?.flatMap(({ kept }) => Object.values(kept)) ?? [];
    release(
      this.#lasting,
      [...Object.values(owned), ...ofParameters].filter((one) => one !== undefined),
    );
  }
}
