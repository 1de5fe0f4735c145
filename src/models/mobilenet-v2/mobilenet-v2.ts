import type { FlatParameters } from '../../autograd/flat-parameters.ts';
import type { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { globalAvgPool2d } from '../../ops/conv/avg_pool2d.ts';
import type { Random } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { foldBatchNorms } from '../fold-batch-norm.ts';
import { Layers } from '../layers.ts';
import type { Model } from '../model.ts';
import { ModelValues } from '../values.ts';
import { type Block, blocksOf, type MobileNetV2Config } from './config.ts';
import { ConvLayers } from './conv-layers.ts';
import { initialMobileNetV2 } from './initial.ts';

const DROPOUT = 0.2;

/**
 * MobileNetV2 (Sandler et al., 2018) with ternary convolutions, names as torchvision has them:
 * float weights are trained, and each pass quantizes them anew. The linear is not ternary, nor is
 * the first convolution unless its configuration says so.
 */
export class MobileNetV2 implements Model {
  readonly values: ModelValues;
  readonly #blocks: readonly Block[];
  readonly #convolutions: ConvLayers;

  constructor(gpu: Gpu, config: MobileNetV2Config, random: Random) {
    this.#blocks = blocksOf(config);
    const layers = this.#blocks.flatMap((block) => block.layers);
    this.values = new ModelValues(gpu, initialMobileNetV2(config, random));
    this.#convolutions = new ConvLayers(gpu, layers, this.values);
  }

  /** The running statistics of all normalizations, by name. */
  get statistics(): Readonly<Record<string, Tensor>> {
    return this.#convolutions.statistics;
  }

  get parameters(): FlatParameters {
    return this.values.parameters;
  }

  /** Logits [n, classes] of images x f32 [n, 3, height, width]. */
  forward(tape: Tape, inputs: { readonly x: Tensor }): Tensor {
    const features = this.#blocks.reduce(
      (x, block, i) => this.#convolutions.forward(tape, `features.${i}`, block, x),
      inputs.x,
    );
    const mean = tape.apply(globalAvgPool2d, { x: features }, {}, 'avgpool').y;
    const layers = new Layers(tape, this.values);
    const kept = layers.dropout('classifier.0', tape.view(mean, mean.shape.slice(0, 2)), DROPOUT);
    return layers.linear('classifier.1', kept);
  }

  /**
   * Folds the normalizations behind convolutions that are not ternary into these, for evaluation
   * alone: trits are made anew in each pass, by the size of the latent weights.
   */
  foldBatchNorms(): readonly string[] {
    const pairs = this.#blocks.flatMap(({ layers }) =>
      layers.flatMap(({ name, norm, ternary }) => (ternary ? [] : [{ conv: name, norm }])),
    );
    return foldBatchNorms(this.values, this.statistics, pairs);
  }

  keepStatistics(): void {
    this.#convolutions.keepStatistics();
  }

  [Symbol.dispose](): void {
    this.values[Symbol.dispose]();
    this.#convolutions[Symbol.dispose]();
  }
}
