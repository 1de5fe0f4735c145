import { FlatParameters, type FlatParametersOptions } from '../autograd/flat-parameters.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { Scope } from '../gpu/scope.ts';
import type { Format } from '../quant/format.ts';
import { isQuantized, type QuantizedWeight, withParts } from '../quant/weight.ts';
import type { DeviceWeight } from '../quantizer/coding.ts';
import { QuantizerError } from '../quantizer/quantizer-error.ts';
import { seam } from '../seam.ts';
import { type HostTensor, hostTensorFrom } from '../tensor/host.ts';
import { sizeOf, stacked } from '../tensor/shape.ts';
import { holding, Tensor } from '../tensor/tensor.ts';

/** Values on the host by name. */
type HostValues<T> = Iterable<readonly [name: string, value: T]>;

/**
 * What a model owns, by the names of its state dict: trained parameters, and what is not trained, of
 * which weights may be quantized.
 */
export class ModelValues implements Disposable {
  readonly #gpu: Gpu;
  #parameters: FlatParameters;
  readonly #fixed = new Map<string, Tensor | DeviceWeight>();
  readonly #how: Pick<FlatParametersOptions, 'home' | 'rowsOf'>;
  /** Names as they were given. */
  readonly #order: readonly string[];

  /**
   * Uploads all but what is on the device, which it owns from then on, once nothing can throw; with
   * a `home` what is trained lies there, and is on the device while it is held.
   */
  constructor(
    gpu: Gpu,
    trained: HostValues<HostTensor>,
    fixed: HostValues<HostTensor | QuantizedWeight<HostTensor, Format> | Tensor> = [],
    how: Pick<FlatParametersOptions, 'home' | 'rowsOf'> = {},
  ) {
    this.#gpu = gpu;
    this.#how = how;
    using made = new Scope(); // until all are there
    this.#parameters = made.add(new FlatParameters(gpu, new Map(trained), how));
    const upload = (host: HostTensor) => made.add(Tensor.from(gpu, host));
    for (const [name, value] of fixed) {
      if (value instanceof Tensor) this.#fixed.set(name, value);
      else this.#fixed.set(name, isQuantized(value) ? withParts(value, upload) : upload(value));
    }
    for (const value of this.#fixed.values())
      for (const tensor of tensorsOf(value)) tensor.countAs('weights');
    this.#order = [...this.#parameters.names, ...this.#fixed.keys()];
    made.move();
  }

  /** What is trained; another object after {@link ModelValues.replace}. */
  get parameters(): FlatParameters {
    return this.#parameters;
  }

  /** Trained ones first, as they were given, whatever was quantized since; what came later is last. */
  get names(): readonly string[] {
    return inOrder([...this.#parameters.names, ...this.#fixed.keys()], this.#order);
  }

  /** A value by its name. Throws RangeError where there is none, or its rows lie in several tensors. */
  readonly view = (name: string): Tensor | DeviceWeight =>
    this.#fixed.get(name) ?? this.#parameters.view(name);

  /** The tensors of a value by its name. Throws RangeError where there is none. */
  tensors(name: string): readonly Tensor[] {
    const fixed = this.#fixed.get(name);
    return fixed ? tensorsOf(fixed) : this.#parameters.tensors(name);
  }

  /** The tensors of a parameter whose rows lie in several, which has no view; of others undefined. */
  readonly inRows = (name: string): readonly Tensor[] | undefined => {
    if (this.#fixed.has(name)) return undefined;
    const tensors = this.#parameters.tensors(name);
    return tensors.length > 1 ? tensors : undefined;
  };

  /** Keeps the values of these names on the device until the result is disposed. */
  holding(isWanted: (name: string) => boolean): Disposable {
    return holding(this.names.filter(isWanted).flatMap((name) => this.tensors(name)));
  }

  /**
   * Takes quantized weights, which it owns from then on, in the place of those in floats, whose memory
   * is freed; parameters that stay are copied on the device.
   */
  readonly replace = (weights: ReadonlyMap<string, DeviceWeight>): void => {
    const trained = this.#parameters.names;
    const stays = trained.filter((name) => !weights.has(name));
    if (stays.length < trained.length)
      this.retrain(new Map(stays.map((name) => [name, this.#parameters.tensors(name)])));
    for (const [name, weight] of weights) {
      dispose(this.#fixed.get(name));
      for (const tensor of tensorsOf(weight)) tensor.countAs('weights');
      this.#fixed.set(name, weight);
    }
  };

  /**
   * Makes these values, each an f32 tensor or several of its rows, which are copied on the device, all
   * that is trained. Throws QuantizerError `quant-unsupported` where values lie in a home, whose
   * content would have to be read.
   */
  retrain(values: ReadonlyMap<string, readonly Tensor[]>): void {
    const { home, rowsOf } = this.#how;
    if (home)
      throw new QuantizerError(
        'quant-unsupported',
        'what is trained is not on the device to be copied: quantize the model before it is placed elsewhere',
      );
    const blank = Array.from(values, ([name, tensors]) => {
      const shape = stacked(tensors.map((tensor) => tensor.shape));
      return [name, hostTensorFrom('f32', shape, new Float64Array(sizeOf(shape)))] as const;
    });
    const parameters = new FlatParameters(this.#gpu, new Map(blank), { rowsOf });
    for (const [name, tensors] of values)
      for (const [i, place] of parameters.tensors(name).entries())
        place.copyFrom(tensors[i] as Tensor);
    this.#parameters[Symbol.dispose]();
    this.#parameters = parameters;
  }

  [Symbol.dispose](): void {
    this.#parameters[Symbol.dispose]();
    for (const value of this.#fixed.values()) dispose(value);
  }
}

/** The names in this order, and then the others. */
const inOrder = seam(
  'models.in_order',
  (names: readonly string[], order: readonly string[]): readonly string[] => {
    const known = order.filter((name) => names.includes(name));
    return [...known, ...names.filter((name) => !order.includes(name))];
  },
);

function dispose(value: Tensor | DeviceWeight | undefined): void {
  if (!value) return;
  for (const tensor of tensorsOf(value)) tensor[Symbol.dispose]();
}

const tensorsOf = (value: Tensor | DeviceWeight): readonly Tensor[] =>
  isQuantized(value) ? Object.values(value.parts) : [value];
