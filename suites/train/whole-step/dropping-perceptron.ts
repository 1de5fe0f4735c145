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

/** Is shown what goes into a dropout, and what comes out. */
export type WatchDropout = (name: 'dropout1' | 'dropout2', x: Tensor, y: Tensor) => void;

/** A perceptron with dropout behind both of its functions. */
export class DroppingPerceptron implements Model {
  readonly parameters: FlatParameters;
  readonly #p: number;
  readonly #watch: WatchDropout;

  constructor(
    gpu: Gpu,
    config: MlpConfig,
    p: number,
    random: Random,
    watch: WatchDropout = () => undefined,
  ) {
    this.#p = p;
    this.#watch = watch;
    this.parameters = new FlatParameters(gpu, new Map(initialMlp(config, random)));
  }

  forward(tape: Tape, inputs: { readonly x: Tensor }): Tensor {
    const layers = new Layers(tape, this.parameters);
    const first = tape.apply(relu, { x: layers.linear('fc1', inputs.x) }, {}, 'relu').y;
    const dropped = (name: Parameters<WatchDropout>[0], x: Tensor) => {
      const y = layers.dropout(name, x, this.#p);
      this.#watch(name, x, y);
      return y;
    };
    const second = tape.apply(
      gelu,
      { x: layers.linear('fc2', dropped('dropout1', first)) },
      {},
      'gelu',
    ).y;
    return layers.linear('fc3', dropped('dropout2', second));
  }

  [Symbol.dispose](): void {
    this.parameters[Symbol.dispose]();
  }
}
