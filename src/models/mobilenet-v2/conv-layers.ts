import type { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { add } from '../../ops/math/add.ts';
import { relu6 } from '../../ops/math/relu6.ts';
import { isQuantized } from '../../quant/weight.ts';
import { seam } from '../../seam.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { BatchNorms } from '../batch-norms.ts';
import { Layers } from '../layers.ts';
import { ternaryWeight } from '../ternary-weight.ts';
import type { ModelValues } from '../values.ts';
import type { Block, ConvLayer } from './config.ts';

/** Whether a convolution multiplies by trits. */
const isTernary = seam('mobilenet_v2.is_ternary', ({ ternary }: ConvLayer): boolean => ternary);

/** Convolutions with their normalizations, over parameters that it does not own. */
export class ConvLayers implements Disposable {
  readonly #values: ModelValues;
  readonly #norms: BatchNorms;

  constructor(gpu: Gpu, layers: readonly ConvLayer[], values: ModelValues) {
    this.#values = values;
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
    const layers = new Layers(tape, this.#values);
    const value = this.#values.view(`${name}.weight`);
    const isLatent = isTernary(layer) && !isQuantized(value);
    const weight = isLatent ? ternaryWeight(tape, name, value).used : layers.weight(name);
    const p = (kernel - 1) / 2;
    const params = { stride: [stride, stride], padding: [p, p, p, p], groups } as const;
    const convolved = layers.conv(name, x, params, weight);
    const y = this.#norms.forwardUnlessFolded(tape, layers, norm, convolved);
    return activated ? tape.apply(relu6, { x: y }, {}, `${name}.relu6`).y : y;
  }

  [Symbol.dispose](): void {
    this.#norms[Symbol.dispose]();
  }
}
