import { FlatParameters } from '../../../src/autograd/flat-parameters.ts';
import type { Tape } from '../../../src/autograd/tape.ts';
import type { Gpu } from '../../../src/gpu/gpu.ts';
import { type Initial, initialLinear } from '../../../src/models/initial.ts';
import type { Model } from '../../../src/models/model.ts';
import { type TernaryWeight, ternaryWeight } from '../../../src/models/ternary-weight.ts';
import { conv2d } from '../../../src/ops/conv/conv2d.ts';
import { maxPool2d } from '../../../src/ops/conv/max_pool2d.ts';
import { relu } from '../../../src/ops/math/relu.ts';
import { matmul } from '../../../src/ops/matmul/matmul.ts';
import type { Random } from '../../../src/tensor/random.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';

/** Shapes of the weights: two convolutions, each pooled to half its width and height, two linears. */
export const WEIGHTS = {
  conv1: [32, 3, 3, 3],
  conv2: [64, 32, 3, 3],
  fc1: [128, 64 * 8 * 8],
  fc2: [10, 128],
} as const;

export type LayerName = keyof typeof WEIGHTS;

/** What every convolution is called with. */
export const PADDED = { padding: [1, 1, 1, 1] as [number, number, number, number] };
/** What every pooling is called with. */
export const POOLED = { kernel: [2, 2] as [number, number] };

/** The original suite's network for images of 3 x 32 x 32: 545,098 numbers. */
export const initialCnn = (random: Random): Initial =>
  Object.entries(WEIGHTS).flatMap(([name, shape]) => initialLinear(name, shape, random));

/** What a pass multiplies by in the place of a weight. */
type Used = (tape: Tape, name: LayerName, weight: Tensor) => Tensor;

/** The network in floats, or with what `used` makes of each weight in every pass. */
export class Cnn implements Model {
  readonly parameters: FlatParameters;
  readonly #used: Used;

  constructor(gpu: Gpu, initial: Initial, used: Used = (_tape, _name, weight) => weight) {
    this.parameters = new FlatParameters(gpu, new Map(initial));
    this.#used = used;
  }

  /** Logits [n, 10] of images x f32 [n, 3, 32, 32]. */
  forward(tape: Tape, { x }: { readonly x: Tensor }): Tensor {
    const first = this.#pooled(tape, 'conv1', x);
    const second = this.#pooled(tape, 'conv2', first);
    const flat = tape.view(second, [x.shape[0] as number, WEIGHTS.fc1[1]]);
    const hidden = tape.apply(relu, { x: this.#linear(tape, 'fc1', flat) }, {}, 'fc1.relu').y;
    return this.#linear(tape, 'fc2', hidden);
  }

  /** The values as they are now. */
  async read(): Promise<Initial> {
    const names = Object.keys(WEIGHTS).flatMap((name) => [`${name}.weight`, `${name}.bias`]);
    return Promise.all(
      names.map(async (name) => [name, await this.parameters.view(name).read()] as const),
    );
  }

  #pooled(tape: Tape, name: LayerName, x: Tensor): Tensor {
    const { y } = tape.apply(conv2d, { x, ...this.#of(tape, name) }, PADDED, name);
    const { y: positive } = tape.apply(relu, { x: y }, {}, `${name}.relu`);
    return tape.apply(maxPool2d, { x: positive }, POOLED, `${name}.pool`).y;
  }

  #linear(tape: Tape, name: LayerName, a: Tensor): Tensor {
    const { weight: b, bias } = this.#of(tape, name);
    return tape.apply(matmul, { a, b, bias }, { transpose_b: true }, name).y;
  }

  #of(tape: Tape, name: LayerName) {
    const weight = this.#used(tape, name, this.parameters.view(`${name}.weight`));
    return { weight, bias: this.parameters.view(`${name}.bias`) };
  }

  [Symbol.dispose](): void {
    this.parameters[Symbol.dispose]();
  }
}

/** The network with trits of its weights in every pass; `seen` is shown what each was made to. */
export const ternaryCnn = (
  gpu: Gpu,
  initial: Initial,
  seen: (name: LayerName, made: TernaryWeight) => void = () => {},
): Cnn =>
  new Cnn(gpu, initial, (tape, name, weight) => {
    const made = ternaryWeight(tape, name, weight);
    seen(name, made);
    return made.used;
  });
