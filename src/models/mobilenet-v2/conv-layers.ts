import type { FlatParameters } from '../../autograd/flat-parameters.ts';
import type { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { conv2d } from '../../ops/conv/conv2d.ts';
import { add } from '../../ops/math/add.ts';
import { relu6 } from '../../ops/math/relu6.ts';
import { seam } from '../../seam.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { BatchNorms } from '../batch-norms.ts';
import { ternaryWeight } from '../ternary-weight.ts';
import type { Block, ConvLayer } from './config.ts';

/** Whether a convolution multiplies by trits. */
const isTernary = seam('mobilenet_v2.is_ternary', ({ ternary }: ConvLayer): boolean => ternary);

/** Convolutions with their normalizations, over parameters that it does not own. */
export class ConvLayers implements Disposable {
  readonly #parameters: FlatParameters;
  readonly #norms: BatchNorms;

  constructor(gpu: Gpu, layers: readonly ConvLayer[], parameters: FlatParameters) {
    this.#parameters = parameters;
    this.#norms = new BatchNorms(
      gpu,
      layers.map(({ norm, to }) => [norm, to]),
    );
  }

  /** The running statistics by their names in the state dict. */
  get statistics(): Readonly<Record<string, Tensor>> {
    return this.#norms.statistics;
  }

  /** What a block makes of x f32 [n, channels, height, width]. */
  forward(tape: Tape, name: string, { layers, residual }: Block, x: Tensor): Tensor {
    const y = layers.reduce((input, layer) => this.#layer(tape, layer, input), x);
    return residual ? tape.apply(add, { a: x, b: y }, {}, `${name}.add`).y : y;
  }

  /** Takes over what a training step made of the statistics. */
  keepStatistics(): void {
    this.#norms.keepStatistics();
  }

  #layer(tape: Tape, layer: ConvLayer, x: Tensor): Tensor {
    const { name, norm, kernel, stride, groups, activated } = layer;
    const latent = this.#parameters.view(`${name}.weight`);
    const weight = isTernary(layer) ? ternaryWeight(tape, name, latent).used : latent;
    const p = (kernel - 1) / 2;
    const params = { stride: [stride, stride], padding: [p, p, p, p], groups } as const;
    const convolved = tape.apply(conv2d, { x, weight }, params, name).y;
    const y = this.#norms.forward(tape, norm, {
      x: convolved,
      weight: this.#parameters.view(`${norm}.weight`),
      bias: this.#parameters.view(`${norm}.bias`),
    });
    return activated ? tape.apply(relu6, { x: y }, {}, `${name}.relu6`).y : y;
  }

  [Symbol.dispose](): void {
    this.#norms[Symbol.dispose]();
  }
}
