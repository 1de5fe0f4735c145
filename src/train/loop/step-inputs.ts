import { type Examples, requireLabels } from '../../data/examples.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { seam } from '../../seam.ts';
import { type HostTensor, hostTensor } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { askedOf, type UploadedExamples, uploadExamples } from '../loss.ts';
import { type BatchLoss, meanOfBatches } from '../mean-of-batches.ts';

/** A micro-batch on the device. */
export interface MicroBatch extends UploadedExamples {
  /** Its share of the labels of the step, f32 [1]. */
  readonly share: Tensor;
  /** Where its mean loss is left, f32 [1]. */
  readonly loss: Tensor;
}

/** What the loss of a step is the mean of: all its labels, or the means of its micro-batches. */
export type AccumMean = 'token' | 'batch';

/** How micro-batches make a step. */
export interface InputOptions {
  /** Whether a label is that of the position before it. Default no. */
  readonly shift?: boolean | undefined;
  /** Default `token`. */
  readonly accum_mean?: AccumMean | undefined;
}

/** The share of a micro-batch in the mean over all labels of its step. */
const shareOf = seam('train.share_of', (asked: number, all: number): number => asked / all);

/**
 * The micro-batches of a step on the device. Those of later steps of the same shapes are written
 * over them, so that a captured step, which reads the same memory each time, follows its data.
 */
export class StepInputs implements Disposable {
  readonly parts: readonly MicroBatch[];
  /** The mean loss of each part, f32 [parts]. */
  readonly losses: Tensor;
  readonly #options: InputOptions;
  #shares: readonly number[];
  readonly #owned: Scope;

  /** `others` are the micro-batches that other ranks have of the step. */
  constructor(
    gpu: Gpu,
    given: readonly Examples[],
    options: InputOptions = {},
    others: readonly Examples[] = [],
  ) {
    using owned = new Scope();
    this.#options = options;
    this.#shares = this.#sharesOf(given, others);
    const losses = owned.add(Tensor.empty(gpu, 'f32', [given.length]));
    this.losses = losses;
    this.parts = given.map((examples, part) => ({
      ...uploadExamples(gpu, examples, owned),
      share: owned.add(Tensor.from(gpu, number(this.#shares[part] as number))),
      loss: losses.view([1], { offset: 4 * part }),
    }));
    this.#owned = owned.move();
  }

  /**
   * Takes the micro-batches of another step, of the same shapes. Throws `bad-label` before anything
   * is written.
   */
  write(given: readonly Examples[], others: readonly Examples[] = []): void {
    for (const examples of given) requireLabels(examples);
    const shares = this.#sharesOf(given, others);
    for (let part = 0; part < this.parts.length; part++) {
      const { inputs, labels, share } = this.parts[part] as MicroBatch;
      const examples = given[part] as Examples;
      for (const name in inputs) inputs[name]?.write(examples.inputs[name] as HostTensor);
      labels.write(examples.labels);
      if (shares[part] !== this.#shares[part]) share.write(number(shares[part] as number));
    }
    this.#shares = shares;
  }

  /**
   * Waits for the step that was made last, and reads its mean loss over all labels that are here,
   * with their share of the step.
   */
  async readLoss(): Promise<BatchLoss> {
    const { data } = await this.losses.read();
    return {
      mean: meanOfBatches(
        this.#shares.map((asked, part) => ({ mean: data[part] as number, asked })),
      ),
      asked: this.#shares.reduce((sum, share) => sum + share, 0),
    };
  }

  #sharesOf(given: readonly Examples[], others: readonly Examples[]): readonly number[] {
    const { shift, accum_mean } = this.#options;
    const count = given.length + others.length;
    if (count === 1) return [1];
    if (accum_mean === 'batch') return given.map(() => 1 / count);
    const askedIn = (examples: Examples) => askedOf(examples, shift);
    const asked = given.map(askedIn);
    const all = [...asked, ...others.map(askedIn)].reduce((sum, n) => sum + n, 0);
    return asked.map((n) => shareOf(n, all));
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}

const number = (x: number): HostTensor => hostTensor('f32', [1], Float32Array.of(x));
