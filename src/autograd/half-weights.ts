import type { Gpu } from '../gpu/gpu.ts';
import { Scope } from '../gpu/scope.ts';
import { convertInto } from '../ops/math/convert.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { FlatParameters } from './flat-parameters.ts';
import type { Tape } from './tape.ts';

/**
 * Float16 copies of parameters, with which a model computes while its optimizer steps the float32
 * ones (master weights). It owns the copies.
 */
export class HalfWeights implements Disposable {
  readonly #gpu: Gpu;
  readonly #parameters: FlatParameters;
  readonly #copies: ReadonlyMap<string, Tensor>;
  readonly #owned: Scope;

  constructor(gpu: Gpu, parameters: FlatParameters) {
    using owned = new Scope();
    this.#gpu = gpu;
    this.#parameters = parameters;
    this.#copies = new Map(
      parameters.names.map((name) => [
        name,
        owned.add(Tensor.empty(gpu, 'f16', parameters.view(name).shape)),
      ]),
    );
    this.#owned = owned.move();
  }

  /** The copies, rounded from the parameters as they are now; gradients flow to the parameters. */
  on(tape: Tape): Pick<FlatParameters, 'names' | 'view'> {
    const rounded = new Map<string, Tensor>();
    for (const [name, copy] of this.#copies) {
      const parameter = this.#parameters.view(name);
      convertInto(this.#gpu, parameter, copy);
      rounded.set(name, tape.straightThrough(parameter, copy));
    }
    return { names: this.#parameters.names, view: (name) => rounded.get(name) as Tensor };
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}
