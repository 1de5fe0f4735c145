import { FlatParameters } from '../../autograd/flat-parameters.ts';
import type { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { globalAvgPool2d } from '../../ops/conv/avg_pool2d.ts';
import { conv2d } from '../../ops/conv/conv2d.ts';
import { maxPool2d } from '../../ops/conv/max_pool2d.ts';
import { relu } from '../../ops/math/relu.ts';
import { batchNorm } from '../../ops/nn/batch_norm.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { Layers } from '../layers.ts';
import type { Model } from '../model.ts';
import type { ConvNetConfig } from './config.ts';
import { initialConvNet } from './initial.ts';

/** What a batch normalization normalizes by outside of training. */
interface Running {
  readonly running_mean: Tensor;
  readonly running_var: Tensor;
}

/**
 * A small convolutional network: twice convolution, batch normalization and ReLU, with a maximum
 * pooling between, then the mean of each channel and a linear.
 */
export class ConvNet implements Model {
  readonly parameters: FlatParameters;
  readonly #running: Readonly<Record<string, Running>>;
  /** By batch normalization: what the last training step made of its statistics. */
  readonly #moved = new Map<string, Running>();

  constructor(gpu: Gpu, config: ConvNetConfig, random: Random) {
    const [, first, second] = config.channels;
    this.parameters = new FlatParameters(gpu, new Map(initialConvNet(config, random)));
    const filled = (size: number, value: number) =>
      Tensor.from(gpu, hostTensorFrom('f32', [size], new Float64Array(size).fill(value)));
    const running = (size: number) => ({
      running_mean: filled(size, 0),
      running_var: filled(size, 1),
    });
    this.#running = { bn1: running(first), bn2: running(second) };
  }

  /** Logits [n, classes] of images x f32 [n, channels, height, width]. */
  forward(tape: Tape, inputs: { readonly x: Tensor }): Tensor {
    const layers = new Layers(tape, this.parameters);
    const first = this.#block(tape, layers, 1, inputs.x);
    const pooled = tape.apply(maxPool2d, { x: first }, { kernel: [2, 2] }, 'maxpool').y;
    const second = this.#block(tape, layers, 2, pooled);
    const mean = tape.apply(globalAvgPool2d, { x: second }, {}, 'avgpool').y;
    return layers.linear('fc', tape.view(mean, mean.shape.slice(0, 2)));
  }

  keepStatistics(): void {
    for (const [name, { running_mean, running_var }] of this.#moved) {
      this.#running[name]?.running_mean.copyFrom(running_mean);
      this.#running[name]?.running_var.copyFrom(running_var);
    }
    this.#moved.clear();
  }

  #block(tape: Tape, layers: Layers, number: number, x: Tensor): Tensor {
    const conv = `conv${number}`;
    const bn = `bn${number}`;
    const convolved = tape.apply(
      conv2d,
      { x, weight: layers.weight(conv) },
      { padding: [1, 1, 1, 1] },
      conv,
    ).y;
    const running = this.#running[bn] as Running;
    const training = tape.random !== undefined;
    const given = { x: convolved, weight: layers.weight(bn), bias: layers.bias(bn), ...running };
    const { y, ...moved } = tape.apply(batchNorm, given, { eps: 1e-5, training }, bn);
    if (training) this.#moved.set(bn, moved);
    return tape.apply(relu, { x: y }, {}, `relu${number}`).y;
  }

  [Symbol.dispose](): void {
    this.parameters[Symbol.dispose]();
    for (const { running_mean, running_var } of Object.values(this.#running)) {
      running_mean[Symbol.dispose]();
      running_var[Symbol.dispose]();
    }
  }
}
