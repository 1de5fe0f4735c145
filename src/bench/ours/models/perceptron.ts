import { FlatParameters } from '../../../autograd/flat-parameters.ts';
import type { Tape } from '../../../autograd/tape.ts';
import type { Gpu } from '../../../gpu/gpu.ts';
import { Layers } from '../../../models/layers.ts';
import type { Model } from '../../../models/model.ts';
import { relu } from '../../../ops/math/relu.ts';
import type { HostTensor } from '../../../tensor/host.ts';
import type { Tensor } from '../../../tensor/tensor.ts';

/** Two linears with ReLU between them. */
export class Perceptron implements Model {
  readonly parameters: FlatParameters;

  constructor(gpu: Gpu, weights: ReadonlyMap<string, HostTensor>) {
    this.parameters = new FlatParameters(gpu, weights);
  }

  /** Logits [n, classes] of x f32 [n, inputs]. */
  forward(tape: Tape, { x }: { readonly x: Tensor }): Tensor {
    const layers = new Layers(tape, this.parameters);
    const hidden = tape.apply(relu, { x: layers.linear('fc1', x) }, {}, 'relu').y;
    return layers.linear('fc2', hidden);
  }

  [Symbol.dispose](): void {
    this.parameters[Symbol.dispose]();
  }
}
