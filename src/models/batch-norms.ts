import type { Tape } from '../autograd/tape.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { batchNorm } from '../ops/nn/batch_norm.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { Layers } from './layers.ts';

/** What a batch normalization normalizes by outside of training. */
interface Running {
  readonly running_mean: Tensor;
  readonly running_var: Tensor;
}

/** What is normalized, and by which parameters. */
interface Normalized {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** The batch normalizations of a model with their running statistics, which it owns. */
export class BatchNorms implements Disposable {
  readonly #running: ReadonlyMap<string, Running>;
  /** By normalization: what the last training step made of its statistics. */
  readonly #moved = new Map<string, Running>();

  /** `channels` are by name. */
  constructor(gpu: Gpu, channels: Iterable<readonly [name: string, channels: number]>) {
    const filled = (size: number, value: number) =>
      Tensor.from(gpu, hostTensorFrom('f32', [size], new Float64Array(size).fill(value)));
    this.#running = new Map(
      [...channels].map(([name, size]) => [
        name,
        { running_mean: filled(size, 0), running_var: filled(size, 1) },
      ]),
    );
  }

  /** The running statistics by their names in the state dict. */
  get statistics(): Readonly<Record<string, Tensor>> {
    return Object.fromEntries(
      [...this.#running].flatMap(([name, running]) =>
        Object.entries<Tensor>({ ...running }).map(([part, tensor]) => [`${name}.${part}`, tensor]),
      ),
    );
  }

  /** x f32 [n, channels, ...], normalized; on the tape of a training step by its own statistics. */
  forward(tape: Tape, name: string, normalized: Normalized): Tensor {
    const training = tape.random !== undefined;
    const inputs = { ...normalized, ...(this.#running.get(name) as Running) };
    const { y, running_mean, running_var } = tape.apply(batchNorm, inputs, { training }, name);
    if (training) this.#moved.set(name, { running_mean, running_var });
    return y;
  }

  /** As {@link BatchNorms.forward}, by the parameters of a model; x itself where they were folded. */
  forwardUnlessFolded(tape: Tape, layers: Layers, name: string, x: Tensor): Tensor {
    if (!layers.has(`${name}.weight`)) return x;
    return this.forward(tape, name, { x, weight: layers.weight(name), bias: layers.bias(name) });
  }

  /** Takes over what a training step made of the statistics. The tape must live still. */
  keepStatistics(): void {
    for (const [name, moved] of this.#moved) {
      const running = this.#running.get(name);
      for (const part of ['running_mean', 'running_var'] as const)
        running?.[part].copyFrom(moved[part]);
    }
    this.#moved.clear();
  }

  [Symbol.dispose](): void {
    for (const tensor of Object.values(this.statistics)) tensor[Symbol.dispose]();
  }
}
