import type { FlatParameters } from '../../autograd/flat-parameters.ts';
import type { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { gelu } from '../../ops/math/gelu.ts';
import { relu } from '../../ops/math/relu.ts';
import type { Random } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Layers } from '../layers.ts';
import type { Model } from '../model.ts';
import { ModelValues } from '../values.ts';
import type { MlpConfig } from './config.ts';
import { initialMlp } from './initial.ts';

/** A multi-layer perceptron: three linears with ReLU and GELU between them. */
export class Mlp implements Model {
  readonly values: ModelValues;

  constructor(gpu: Gpu, config: MlpConfig, random: Random) {
    this.values = new ModelValues(gpu, initialMlp(config, random));
  }

  get parameters(): FlatParameters {
    return this.values.parameters;
  }

  /** Logits [n, classes] of x f32 [n, inFeatures]. */
  forward(tape: Tape, inputs: { readonly x: Tensor }): Tensor {
    const layers = new Layers(tape, this.values);
    const first = tape.apply(relu, { x: layers.linear('fc1', inputs.x) }, {}, 'relu').y;
    const second = tape.apply(gelu, { x: layers.linear('fc2', first) }, {}, 'gelu').y;
    return layers.linear('fc3', second);
  }

  [Symbol.dispose](): void {
    this.values[Symbol.dispose]();
  }
}
