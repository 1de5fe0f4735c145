import type { Gpu } from '../gpu/gpu.ts';
import { gelu } from '../ops/math/gelu.ts';
import { relu } from '../ops/math/relu.ts';
import type { Random } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { FlatParameters } from './flat-parameters.ts';
import { initialLinear } from './initial.ts';
import { Layers } from './layers.ts';
import type { Model } from './model.ts';
import type { Tape } from './tape.ts';

/** Sizes of an {@link Mlp}. */
export interface MlpConfig {
  readonly inFeatures: number;
  readonly hidden: number;
  readonly classes: number;
}

/** A multi-layer perceptron: three linears with ReLU and GELU between them. */
export class Mlp implements Model {
  readonly parameters: FlatParameters;

  constructor(gpu: Gpu, { inFeatures, hidden, classes }: MlpConfig, random: Random) {
    this.parameters = new FlatParameters(
      gpu,
      new Map([
        ...initialLinear('fc1', [hidden, inFeatures], random),
        ...initialLinear('fc2', [hidden, hidden], random),
        ...initialLinear('fc3', [classes, hidden], random),
      ]),
    );
  }

  /** Logits [n, classes] of x f32 [n, inFeatures]. */
  forward(tape: Tape, inputs: { readonly x: Tensor }): Tensor {
    const layers = new Layers(tape, this.parameters);
    const first = tape.apply(relu, { x: layers.linear('fc1', inputs.x) }, {}, 'relu').y;
    const second = tape.apply(gelu, { x: layers.linear('fc2', first) }, {}, 'gelu').y;
    return layers.linear('fc3', second);
  }

  [Symbol.dispose](): void {
    this.parameters[Symbol.dispose]();
  }
}
