import { FlatParameters } from '../../../autograd/flat-parameters.ts';
import type { Tape } from '../../../autograd/tape.ts';
import type { Gpu } from '../../../gpu/gpu.ts';
import { Scope } from '../../../gpu/scope.ts';
import { BatchNorms } from '../../../models/batch-norms.ts';
import { Layers } from '../../../models/layers.ts';
import type { Model } from '../../../models/model.ts';
import { globalAvgPool2d } from '../../../ops/conv/avg_pool2d.ts';
import { conv2d } from '../../../ops/conv/conv2d.ts';
import { add } from '../../../ops/math/add.ts';
import { relu } from '../../../ops/math/relu.ts';
import type { HostTensor } from '../../../tensor/host.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { BLOCKS, type ResidualBlock, STAGES } from '../../steps/shapes.ts';

/** torchvision's resnet18 for images of 32 x 32: a first kernel of 3 x 3 and no pooling. */
export class ResNet18 implements Model {
  readonly parameters: FlatParameters;
  readonly #norms: BatchNorms;
  readonly #owned: Scope;

  constructor(gpu: Gpu, weights: ReadonlyMap<string, HostTensor>) {
    using owned = new Scope();
    this.parameters = owned.add(new FlatParameters(gpu, weights));
    this.#norms = owned.add(
      new BatchNorms(gpu, [
        ['bn1', STAGES[0]],
        ...BLOCKS.flatMap(({ name, to, stride }) =>
          [`${name}.bn1`, `${name}.bn2`, ...(stride === 1 ? [] : [`${name}.downsample.1`])].map(
            (norm) => [norm, to] as const,
          ),
        ),
      ]),
    );
    this.#owned = owned.move();
  }

  get statistics(): Readonly<Record<string, Tensor>> {
    return this.#norms.statistics;
  }

  /** Logits [n, classes] of images x f32 [n, 3, 32, 32]. */
  forward(tape: Tape, { x }: { readonly x: Tensor }): Tensor {
    const layers = new Layers(tape, this.parameters);
    const first = this.#normed(tape, layers, x, 'conv1', 'bn1', 1);
    let y = tape.apply(relu, { x: first }, {}, 'relu').y;
    for (const block of BLOCKS) y = this.#block(tape, layers, block, y);
    const mean = tape.apply(globalAvgPool2d, { x: y }, {}, 'avgpool').y;
    return layers.linear('fc', tape.view(mean, mean.shape.slice(0, 2)));
  }

  keepStatistics(): void {
    this.#norms.keepStatistics();
  }

  #block(tape: Tape, layers: Layers, { name, stride }: ResidualBlock, x: Tensor): Tensor {
    const normed = (from: Tensor, conv: string, bn: string, by: number) =>
      this.#normed(tape, layers, from, `${name}.${conv}`, `${name}.${bn}`, by);
    const active = (from: Tensor, relus: string) =>
      tape.apply(relu, { x: from }, {}, `${name}.${relus}`).y;
    const first = active(normed(x, 'conv1', 'bn1', stride), 'relu1');
    const second = normed(first, 'conv2', 'bn2', 1);
    const straight = stride === 1 ? x : normed(x, 'downsample.0', 'downsample.1', stride);
    return active(tape.apply(add, { a: second, b: straight }, {}, `${name}.sum`).y, 'relu2');
  }

  /** A convolution that keeps the size but for its stride, and its normalization. */
  #normed(tape: Tape, layers: Layers, x: Tensor, conv: string, bn: string, by: number): Tensor {
    const weight = layers.weight(conv);
    const border = Math.floor((weight.shape[3] as number) / 2);
    const padding = [border, border, border, border] as const;
    const params = { stride: [by, by], padding } as const;
    const { y } = tape.apply(conv2d, { x, weight }, params, conv);
    const given = { x: y, weight: layers.weight(bn), bias: layers.bias(bn) };
    return this.#norms.forward(tape, bn, given);
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}
