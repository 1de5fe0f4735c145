import { type CapturedStep, capture } from '../../autograd/capture.ts';
import type { RandomState } from '../../autograd/random-state.ts';
import type { Examples } from '../../data/examples.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { seam } from '../../seam.ts';
import type { HostTensor } from '../../tensor/host.ts';
import type { Fingerprints, StepSums } from '../fingerprints.ts';
import { type InputOptions, StepInputs } from './step-inputs.ts';

/** Who has to know that a step is replayed: it shows them nothing. */
export interface ReplayListeners {
  readonly random?: RandomState | undefined;
  readonly fingerprints?: Fingerprints | undefined;
}

/** A captured step with what each replay of it does beside its commands. */
interface Captured {
  readonly step: CapturedStep;
  /** Counters of the random numbers that it uses up. */
  readonly counters: number | undefined;
  readonly sums: StepSums | undefined;
}

/** The steps whose micro-batches have the same shapes. It owns their inputs and their capture. */
export class StepBucket implements Disposable {
  readonly inputs: StepInputs;
  readonly #owned: Scope;
  #captured: Captured | undefined;

  constructor(inputs: StepInputs) {
    this.#owned = new Scope();
    this.inputs = this.#owned.add(inputs);
  }

  get isCaptured(): boolean {
    return this.#captured !== undefined;
  }

  /** Captures what `record` records. Throws CaptureError. */
  async capture(
    gpu: Gpu,
    record: () => void,
    { random, fingerprints }: ReplayListeners,
  ): Promise<void> {
    using owned = new Scope();
    const sums = fingerprints && owned.add(fingerprints.sumsOf(() => gpu.trace(record)));
    const traced = () => {
      if (sums) fingerprints?.recordInto(sums, record);
      else record();
      return {};
    };
    // Bits that are compared with those of a recorded step must not depend on what a compiler makes
    // of two functions in one kernel.
    const step = owned.add(await capture(gpu, traced, { fuse: !fingerprints }));
    this.#captured = { step, counters: random?.position, sums };
    this.#owned.add(owned.move());
  }

  /** Replays the captured step; false where there is none. */
  replay({ random, fingerprints }: ReplayListeners): boolean {
    if (!this.#captured) return false;
    const { step, counters, sums } = this.#captured;
    step.run();
    if (sums) fingerprints?.keep(sums);
    random?.advance(counters);
    return true;
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}

const bucketOf = seam('train.bucket_of', (parts: readonly Examples[]): string => {
  // Asked for at each step: no list is made for it.
  let key = '';
  for (const { inputs, labels } of parts) {
    key += `;labels ${typeOf(labels)}`;
    for (const name in inputs) key += `,${name} ${typeOf(inputs[name] as HostTensor)}`;
  }
  return key;
});

const typeOf = ({ dtype, shape }: HostTensor) => `${dtype}[${shape.join()}]`;

/** The buckets of a loop. */
export class StepBuckets implements Disposable {
  readonly #gpu: Gpu;
  readonly #options: InputOptions;
  readonly #buckets = new Map<string, StepBucket>();

  constructor(gpu: Gpu, options: InputOptions = {}) {
    this.#gpu = gpu;
    this.#options = options;
  }

  /**
   * The bucket of a step, with its micro-batches on the device; `others` are at other ranks. Of those that are not captured the
   * last one is kept alone: shapes may be many, and their inputs are soon made.
   */
  holding(parts: readonly Examples[], others?: readonly Examples[]): StepBucket {
    const key = bucketOf(parts);
    const found = this.#buckets.get(key);
    if (found) {
      found.inputs.write(parts, others);
      return found;
    }
    this.#clear(({ isCaptured }) => !isCaptured);
    const made = new StepBucket(new StepInputs(this.#gpu, parts, this.#options, others));
    this.#buckets.set(key, made);
    return made;
  }

  #clear(isFreed: (bucket: StepBucket) => boolean): void {
    for (const [key, bucket] of this.#buckets) {
      if (!isFreed(bucket)) continue;
      this.#buckets.delete(key);
      bucket[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    this.#clear(() => true);
  }
}
