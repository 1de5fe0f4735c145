import { formatShape } from '../tensor/shape.ts';
import type { Tensor, Tensors } from '../tensor/tensor.ts';
import { refuseBackward } from './autograd-error.ts';

/** Tensors that a backward pass will read, and the version of their memory when they were saved. */
export class SavedTensors {
  readonly #layer: string;
  readonly #tensors: readonly Tensor[];
  readonly #versions: readonly number[];
  /** Told when it is needed, which is hardly ever. */
  readonly #nameOf: (at: number) => string | undefined;

  /** A name may be in several of `named`. */
  constructor(layer: string, ...named: readonly Tensors[]) {
    this.#layer = layer;
    const tensors: Tensor[] = [];
    const versions: number[] = [];
    for (const some of named) {
      for (const name of Object.keys(some)) {
        const tensor = some[name] as Tensor;
        tensors.push(tensor);
        versions.push(tensor.version);
      }
    }
    this.#tensors = tensors;
    this.#versions = versions;
    this.#nameOf = (at) => named.flatMap(Object.keys)[at];
  }

  /** Throws AutogradError when one was changed in place since. */
  check(): void {
    for (const [i, tensor] of this.#tensors.entries()) {
      if (tensor.version === this.#versions[i]) continue;
      const what = `${this.#nameOf(i)} of ${this.#layer} (${tensor.dtype} ${formatShape(tensor.shape)})`;
      refuseBackward(
        'backward-changed',
        `backward: ${what} was changed in place after forward used it: update parameters after backward, or give forward a copy`,
      );
    }
  }
}
