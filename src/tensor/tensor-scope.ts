import type { Tensor, Tensors } from './tensor.ts';

/** Owns tensors until its end, whether or not something throws before: for those of which `using` would need a number of names. */
export class TensorScope implements Disposable {
  readonly #tensors: Tensor[] = [];

  add(tensor: Tensor): Tensor {
    this.#tensors.push(tensor);
    return tensor;
  }

  addAll<T extends Tensors>(tensors: T): T {
    this.#tensors.push(...Object.values(tensors));
    return tensors;
  }

  [Symbol.dispose](): void {
    for (const tensor of this.#tensors) tensor[Symbol.dispose]();
  }
}
