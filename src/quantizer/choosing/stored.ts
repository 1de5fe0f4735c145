import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import type { HostTensors } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { DeviceWeight } from '../coding.ts';
import { createQuantizer, type QuantizerBackend, type ReplaceableValues } from '../quantizer.ts';
import { readState } from '../state.ts';
import type { WholeChoice } from './schemes.ts';
import type { NamedWeight } from './weight-source.ts';

/**
 * The parts of a weight by the names and in the layout of the method's library. Throws
 * QuantizerError for what the method refuses.
 */
export async function storedParts(
  gpu: Gpu,
  backend: QuantizerBackend,
  { layer, weight }: NamedWeight,
  scheme: WholeChoice,
): Promise<HostTensors> {
  using values = new OneValue(`${layer}.weight`, Tensor.from(gpu, weight));
  const { layers } = createQuantizer(backend, scheme).quantizeModel({ values });
  return await readState(values, layers);
}

/** A model of one weight. */
class OneValue implements ReplaceableValues, Disposable {
  readonly names: readonly string[];
  /** Is called without this object. */
  readonly view: () => Tensor | DeviceWeight;
  readonly #scope = new Scope();
  #value: Tensor | DeviceWeight;

  constructor(name: string, tensor: Tensor) {
    this.names = [name];
    this.#value = this.#scope.add(tensor);
    this.view = () => this.#value;
  }

  replace(weights: ReadonlyMap<string, DeviceWeight>): void {
    for (const weight of weights.values()) {
      this.#scope.addAll(weight.parts);
      this.#value = weight;
    }
  }

  [Symbol.dispose](): void {
    this.#scope[Symbol.dispose]();
  }
}
