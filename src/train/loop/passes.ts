import { GradientSum } from '../../autograd/gradient-sum.ts';
import { type BackwardOptions, Tape, type TapeOptions } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import type { Application } from '../../graph/call.ts';
import type { Model } from '../../models/model.ts';
import { mul } from '../../ops/math/mul.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { lossOf } from '../loss.ts';
import type { MicroBatch } from './step-inputs.ts';

/** How passes are made. */
export interface PassOptions
  extends Pick<TapeOptions, 'random' | 'watch' | 'autocast'>,
    Pick<BackwardOptions, 'take'> {
  /** The loss of a position is that of the label after it. Default false. */
  readonly shift?: boolean | undefined;
  /** Factor of the gradients, f32 [1], as for loss scaling. Default 1. */
  readonly scale?: Tensor | undefined;
  /**
   * Whether what takes gradients adds up those of the micro-batches. Default false: they are summed
   * on the device, and taken once.
   */
  readonly addedByTaker?: boolean | undefined;
  /**
   * Keep every application for {@link Pass.applications}, and take no gradient before the pass is
   * over. Default false.
   */
  readonly trace?: boolean | undefined;
}

/**
 * Forward and backward of a micro-batch. Its tensors live until {@link Passes.end}, unless its
 * gradients are taken: then backward frees what it has used.
 */
export interface Pass {
  /** Undefined of a model that has a loss without them. */
  readonly logits: Tensor | undefined;
  /** The mean over its labels, f32 [1]. */
  readonly loss: Tensor;
  /** Its part of the gradients of the step, by parameter view, but for those that were taken. */
  readonly gradients: ReadonlyMap<Tensor, Tensor>;
  /** Empty where they are not traced. */
  readonly applications: readonly Application<Tensor>[];
}

/**
 * Forward and backward of a step over its micro-batches, one after the other: the activations of
 * one are freed before those of the next are made, and each one's mean loss counts by its share. It
 * owns the gradients.
 */
export class Passes implements Disposable {
  readonly #gpu: Gpu;
  readonly #model: Model;
  readonly #options: PassOptions;
  /**
   * Absent where a step is one micro-batch, whose gradients are those of the step, and where what
   * takes them adds them up.
   */
  readonly #sum: GradientSum | undefined;
  #pass: Pass | undefined;
  /** The tape of the pass, and with what its backward started. */
  #own = new Scope();

  /** `count` is that of the micro-batches. */
  constructor(gpu: Gpu, model: Model, count: number, options: PassOptions) {
    this.#gpu = gpu;
    this.#model = model;
    this.#options = options;
    this.#sum = count > 1 && !options.addedByTaker ? new GradientSum(gpu) : undefined;
  }

  /** Runs forward and backward of the next micro-batch. */
  begin(part: MicroBatch): Pass {
    const { shift, trace, random, watch, autocast } = this.#options;
    const { parameters } = this.#model;
    const applications: Application<Tensor>[] = [];
    const tape = this.#own.add(
      new Tape(this.#gpu, parameters.views, {
        ...{ random, watch, autocast },
        trace: trace ? applications : undefined,
      }),
    );
    const { loss, logits } = lossOf(tape, this.#model, part, shift);
    part.loss.copyFrom(loss);
    const sum = this.#sum;
    const take: PassOptions['take'] = sum
      ? (parameter, gradient) => sum.take(parameter, gradient)
      : this.#options.take;
    const gradients = tape.backward(loss, this.#seedOf(part), trace ? {} : { take });
    this.#pass = { logits, loss, gradients, applications };
    return this.#pass;
  }

  /** Takes over what the micro-batch left. */
  end(): void {
    this.#model.keepStatistics?.();
    const { addedByTaker, take } = this.#options;
    if (!this.#pass || !(this.#sum || addedByTaker)) return;
    const { gradients } = this.#pass;
    if (this.#sum) this.#sum.add(gradients);
    else for (const [parameter, gradient] of gradients) take?.(parameter, gradient);
    this.#pass = undefined;
    this.#own.move()[Symbol.dispose]();
  }

  /** The gradients of all micro-batches that ended, by parameter view; of one, what was not taken. */
  get gradients(): ReadonlyMap<Tensor, Tensor> {
    return this.#sum?.gradients ?? this.#pass?.gradients ?? new Map();
  }

  #seedOf({ share }: MicroBatch): Tensor {
    const { scale } = this.#options;
    if (!scale) return share;
    return this.#sum || this.#options.addedByTaker
      ? this.#own.add(mul.forward(this.#gpu, { a: scale, b: share }, {}).y)
      : scale;
  }

  [Symbol.dispose](): void {
    this.#own[Symbol.dispose]();
    this.#sum?.[Symbol.dispose]();
  }
}
