import { FlatParameters } from '../../../src/autograd/flat-parameters.ts';
import type { Tape } from '../../../src/autograd/tape.ts';
import type { Gpu } from '../../../src/gpu/gpu.ts';
import { Layers } from '../../../src/models/layers.ts';
import type { MlpConfig } from '../../../src/models/mlp/config.ts';
import { initialMlp } from '../../../src/models/mlp/initial.ts';
import type { Model } from '../../../src/models/model.ts';
import { gelu } from '../../../src/ops/math/gelu.ts';
import { relu } from '../../../src/ops/math/relu.ts';
import type { Random } from '../../../src/tensor/random.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';

/** A perceptron with dropout behind both of its functions. */
export class DroppingPerceptron implements Model {
  readonly parameters: FlatParameters;
  readonly #p: number;

  constructor(gpu: Gpu, config: MlpConfig, p: number, random: Random) {
    this.#p = p;
    this.parameters = new FlatParameters(gpu, new Map(initialMlp(config, random)));
  }

  forward(tape: Tape, inputs: { readonly x: Tensor }): Tensor {
    const layers = new Layers(tape, this.parameters);
    const first = tape.apply(relu, { x: layers.linear('fc1', inputs.x) }, {}, 'relu').y;
    const kept = layers.dropout('dropout1', first, this.#p);
    const second = tape.apply(gelu, { x: layers.linear('fc2', kept) }, {}, 'gelu').y;
    return layers.linear('fc3', layers.dropout('dropout2', second, this.#p));
  }

  [Symbol.dispose](): void {
    this.parameters[Symbol.dispose]();
  }
}
