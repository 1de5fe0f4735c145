import type { Gpu } from '../gpu/gpu.ts';
import { accumulateGrad } from '../ops/nn/accumulate_grad.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * Gradients summed over several backward passes, as over micro-batches, each on a tape of its own.
 * It owns the sums.
 */
export class GradientSum implements Disposable {
  readonly #gpu: Gpu;
  readonly #sums = new Map<Tensor, Tensor>();

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** By watched tensor: what an optimizer takes. */
  get gradients(): ReadonlyMap<Tensor, Tensor> {
    return this.#sums;
  }

  /** Adds what a backward pass gave; its tensors may be freed afterwards. */
  add(gradients: ReadonlyMap<Tensor, Tensor>): void {
    for (const [tensor, gradient] of gradients) this.take(tensor, gradient);
  }

  /** Adds one of them: see {@link BackwardOptions.take}. */
  take(tensor: Tensor, gradient: Tensor): void {
    const before = this.#sums.get(tensor);
    const sum = before
      ? accumulateGrad.forward(this.#gpu, { a: before, b: gradient }, {}).y
      : gradient.clone();
    this.#sums.set(tensor, sum.countAs('gradients'));
    before?.[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    for (const sum of this.#sums.values()) sum[Symbol.dispose]();
  }
}
