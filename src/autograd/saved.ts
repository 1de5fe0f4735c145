import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { refuseBackward } from './autograd-error.ts';

/** Tensors that a backward pass will read, and the version of their memory when they were saved. */
export class SavedTensors {
  readonly #layer: string;
  readonly #versions: readonly (readonly [name: string, tensor: Tensor, version: number])[];

  constructor(layer: string, tensors: readonly (readonly [name: string, tensor: Tensor])[]) {
    this.#layer = layer;
    this.#versions = tensors.map(([name, tensor]) => [name, tensor, tensor.version]);
  }

  /** Throws AutogradError when one was changed in place since. */
  check(): void {
    for (const [name, tensor, version] of this.#versions) {
      if (tensor.version === version) continue;
      const what = `${name} of ${this.#layer} (${tensor.dtype} ${formatShape(tensor.shape)})`;
      refuseBackward(
        'backward-changed',
        `backward: ${what} was changed in place after forward used it: update parameters after backward, or give forward a copy`,
      );
    }
  }
}
