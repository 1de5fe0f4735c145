import {
  FlatParameters,
  type FlatParametersOptions,
} from '../../../src/autograd/flat-parameters.ts';
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

/** How it is made; the function that it is does not depend on it. */
export interface DroppingOptions extends FlatParametersOptions {
  readonly watch?: WatchDropout;
  /** Whether backward runs its parts again in place of keeping them. Default false. */
  readonly checkpoints?: boolean;
}

/** A perceptron with dropout behind both of its functions. */
export class DroppingPerceptron implements Model {
  readonly parameters: FlatParameters;
  readonly #p: number;
  readonly #options: DroppingOptions;

  constructor(
    gpu: Gpu,
    config: MlpConfig,
    p: number,
    random: Random,
    options: DroppingOptions = {},
  ) {
    this.#p = p;
    this.#options = options;
    this.parameters = new FlatParameters(gpu, new Map(initialMlp(config, random)), options);
  }

  forward(tape: Tape, { x }: { readonly x: Tensor }): Tensor {
    const first = this.#part(tape, 'first', (on) =>
      this.#dropped(
        on,
        'dropout1',
        on.apply(relu, { x: this.#linear(on, 'fc1', x) }, {}, 'relu').y,
      ),
    );
    const second = this.#part(tape, 'second', (on) =>
      this.#dropped(
        on,
        'dropout2',
        on.apply(gelu, { x: this.#linear(on, 'fc2', first) }, {}, 'gelu').y,
      ),
    );
    return this.#linear(tape, 'fc3', second);
  }

  #part(tape: Tape, layer: string, part: (on: Tape) => Tensor): Tensor {
    return this.#options.checkpoints ? tape.checkpoint(part, layer) : part(tape);
  }

  #linear(tape: Tape, name: string, x: Tensor): Tensor {
    return new Layers(tape, this.parameters).linear(name, x);
  }

  #dropped(tape: Tape, name: Parameters<WatchDropout>[0], x: Tensor): Tensor {
    const y = new Layers(tape, this.parameters).dropout(name, x, this.#p);
    this.#options.watch?.(name, x, y);
    return y;
  }

  [Symbol.dispose](): void {
    this.parameters[Symbol.dispose]();
  }
}
