import type { Tape } from '../../src/autograd/tape.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { Layers } from '../../src/models/layers.ts';
import { relu } from '../../src/ops/math/relu.ts';
import { isQuantized } from '../../src/quant/weight.ts';
import type { DeviceWeight } from '../../src/quantizer/coding.ts';
import type { ReplaceableValues } from '../../src/quantizer/quantizer.ts';
import type { HostTensor } from '../../src/tensor/host.ts';
import type { Random } from '../../src/tensor/random.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { initialPerceptron } from '../quant/mlp.ts';

/** Values of a network, each in memory of its own, so that the ledger counts what they hold. */
export class SeparateValues implements ReplaceableValues, Disposable {
  readonly #values = new Map<string, Tensor | DeviceWeight>();

  constructor(gpu: Gpu, initial: Iterable<readonly [name: string, value: HostTensor]>) {
    for (const [name, host] of initial) this.#values.set(name, Tensor.from(gpu, host));
  }

  get names(): readonly string[] {
    return [...this.#values.keys()];
  }

  readonly view = (name: string): Tensor | DeviceWeight =>
    this.#values.get(name) as Tensor | DeviceWeight;

  readonly replace = (weights: ReadonlyMap<string, DeviceWeight>): void => {
    for (const [name, weight] of weights) {
      dispose(this.view(name));
      this.#values.set(name, weight);
    }
  };

  [Symbol.dispose](): void {
    for (const value of this.#values.values()) dispose(value);
  }
}

function dispose(value: Tensor | DeviceWeight): void {
  const tensors = isQuantized(value) ? Object.values<Tensor>(value.parts) : [value];
  for (const tensor of tensors) tensor[Symbol.dispose]();
}

/** The original suite's network, of 9,610 parameters by default, whose linears can be quantized. */
export class Perceptron implements Disposable {
  readonly values: SeparateValues;

  constructor(gpu: Gpu, random: Random, sizes = [64, 128, 10]) {
    this.values = new SeparateValues(gpu, initialPerceptron(random, sizes));
  }

  /** Logits of x f32 [n, 64]: linears with ReLU between them. */
  forward(tape: Tape, x: Tensor): Tensor {
    const layers = new Layers(tape, this.values);
    const linears = this.values.names.flatMap((name) =>
      name.endsWith('.weight') ? [name.slice(0, -'.weight'.length)] : [],
    );
    return linears.reduce((given, name, i) => {
      const input = i === 0 ? given : tape.apply(relu, { x: given }, {}, `relu${i}`).y;
      return layers.linear(name, input);
    }, x);
  }

  [Symbol.dispose](): void {
    this.values[Symbol.dispose]();
  }
}
