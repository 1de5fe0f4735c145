import type { FlatParameters } from '../../autograd/flat-parameters.ts';
import type { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { conv2d } from '../../ops/conv/conv2d.ts';
import { add } from '../../ops/math/add.ts';
import { relu6 } from '../../ops/math/relu6.ts';
import { batchNorm } from '../../ops/nn/batch_norm.ts';
import { seam } from '../../seam.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { ternaryWeight } from '../ternary-weight.ts';
import type { Block, ConvLayer } from './config.ts';

/** What a batch normalization normalizes by outside of training. */
interface Running {
  readonly running_mean: Tensor;
  readonly running_var: Tensor;
}

/** Whether a convolution multiplies by trits. */
const isTernary = seam('mobilenet_v2.is_ternary', ({ ternary }: ConvLayer): boolean => ternary);

/** Convolutions with their normalizations, over parameters that it does not own. */
export class ConvLayers implements Disposable {
  readonly #parameters: FlatParameters;
  readonly #running: ReadonlyMap<string, Running>;
  /** By normalization: what the last training step made of its statistics. */
  readonly #moved = new Map<string, Running>();

  constructor(gpu: Gpu, layers: readonly ConvLayer[], parameters: FlatParameters) {
    this.#parameters = parameters;
    const filled = (size: number, value: number) =>
      Tensor.from(gpu, hostTensorFrom('f32', [size], new Float64Array(size).fill(value)));
    this.#running = new Map(
      layers.map(({ norm, to }) => [
        norm,
        { running_mean: filled(to, 0), running_var: filled(to, 1) },
      ]),
    );
  }

  /** The running statistics by their names in the state dict. */
  get statistics(): Readonly<Record<string, Tensor>> {
    return Object.fromEntries(
      [...this.#running].flatMap(([norm, running]) =>
        Object.entries<Tensor>({ ...running }).map(([name, tensor]) => [`${norm}.${name}`, tensor]),
      ),
    );
  }

  /** What a block makes of x f32 [n, channels, height, width]. */
  forward(tape: Tape, name: string, { layers, residual }: Block, x: Tensor): Tensor {
    const y = layers.reduce((input, layer) => this.#layer(tape, layer, input), x);
    return residual ? tape.apply(add, { a: x, b: y }, {}, `${name}.add`).y : y;
  }

  /** Takes over what a training step made of the statistics. */
  keepStatistics(): void {
    for (const [norm, { running_mean, running_var }] of this.#moved) {
      this.#running.get(norm)?.running_mean.copyFrom(running_mean);
      this.#running.get(norm)?.running_var.copyFrom(running_var);
    }
    this.#moved.clear();
  }

  #layer(tape: Tape, layer: ConvLayer, x: Tensor): Tensor {
    const { name, norm, kernel, stride, groups, activated } = layer;
    const latent = this.#parameters.view(`${name}.weight`);
    const weight = isTernary(layer) ? ternaryWeight(tape, name, latent).used : latent;
    const p = (kernel - 1) / 2;
    const params = { stride: [stride, stride], padding: [p, p, p, p], groups } as const;
    const convolved = tape.apply(conv2d, { x, weight }, params, name).y;
    const training = tape.random !== undefined;
    const { y, running_mean, running_var } = tape.apply(
      batchNorm,
      {
        x: convolved,
        weight: this.#parameters.view(`${norm}.weight`),
        bias: this.#parameters.view(`${norm}.bias`),
        ...(this.#running.get(norm) as Running),
      },
      { training },
      norm,
    );
    if (training) this.#moved.set(norm, { running_mean, running_var });
    return activated ? tape.apply(relu6, { x: y }, {}, `${name}.relu6`).y : y;
  }

  [Symbol.dispose](): void {
    for (const tensor of Object.values(this.statistics)) tensor[Symbol.dispose]();
  }
}
