import type { FlatParameters } from '../../autograd/flat-parameters.ts';
import type { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { globalAvgPool2d } from '../../ops/conv/avg_pool2d.ts';
import { maxPool2d } from '../../ops/conv/max_pool2d.ts';
import { relu } from '../../ops/math/relu.ts';
import type { Random } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { BatchNorms } from '../batch-norms.ts';
import { foldBatchNorms } from '../fold-batch-norm.ts';
import { Layers } from '../layers.ts';
import type { Model } from '../model.ts';
import { ModelValues } from '../values.ts';
import type { ConvNetConfig } from './config.ts';
import { initialConvNet } from './initial.ts';

/**
 * A small convolutional network: twice convolution, batch normalization and ReLU, with a maximum
 * pooling between, then the mean of each channel and a linear.
 */
export class ConvNet implements Model {
  readonly values: ModelValues;
  readonly #norms: BatchNorms;

  constructor(gpu: Gpu, config: ConvNetConfig, random: Random) {
    this.values = new ModelValues(gpu, initialConvNet(config, random));
    const [, first, second] = config.channels;
    this.#norms = new BatchNorms(gpu, [
      ['bn1', first],
      ['bn2', second],
    ]);
  }

  /** The running statistics of both normalizations, by name. */
  get statistics(): Readonly<Record<string, Tensor>> {
    return this.#norms.statistics;
  }

  get parameters(): FlatParameters {
    return this.values.parameters;
  }

  /** Logits [n, classes] of images x f32 [n, channels, height, width]. */
  forward(tape: Tape, inputs: { readonly x: Tensor }): Tensor {
    const layers = new Layers(tape, this.values);
    const first = this.#block(tape, layers, 1, inputs.x);
    const pooled = tape.apply(maxPool2d, { x: first }, { kernel: [2, 2] }, 'maxpool').y;
    const second = this.#block(tape, layers, 2, pooled);
    const mean = tape.apply(globalAvgPool2d, { x: second }, {}, 'avgpool').y;
    return layers.linear('fc', tape.view(mean, mean.shape.slice(0, 2)));
  }

  /** Folds both normalizations into the convolutions before them, for evaluation alone. */
  foldBatchNorms(): readonly string[] {
    const pairs = [1, 2].map((number) => ({ conv: `conv${number}`, norm: `bn${number}` }));
    return foldBatchNorms(this.values, this.statistics, pairs);
  }

  keepStatistics(): void {
    this.#norms.keepStatistics();
  }

  #block(tape: Tape, layers: Layers, number: number, x: Tensor): Tensor {
    const conv = `conv${number}`;
    const bn = `bn${number}`;
    const convolved = layers.conv(conv, x, { padding: [1, 1, 1, 1] });
    const y = this.#norms.forwardUnlessFolded(tape, layers, bn, convolved);
    return tape.apply(relu, { x: y }, {}, `relu${number}`).y;
  }

  [Symbol.dispose](): void {
    this.values[Symbol.dispose]();
    this.#norms[Symbol.dispose]();
  }
}
