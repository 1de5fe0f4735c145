import type { RandomState } from '../autograd/random-state.ts';
import type { Tape } from '../autograd/tape.ts';
import { GradproofError, InvariantError } from '../errors.ts';
import { conv2d } from '../ops/conv/conv2d.ts';
import { add } from '../ops/math/add.ts';
import { matmul } from '../ops/matmul/matmul.ts';
import { dropout } from '../ops/nn/dropout.ts';
import { embedding } from '../ops/nn/embedding.ts';
import { layerNorm } from '../ops/nn/layer_norm.ts';
import { rmsNorm } from '../ops/nn/rms_norm.ts';
import { transpose } from '../ops/shape/transpose.ts';
import { isQuantized } from '../quant/weight.ts';
import {
  calibrate,
  type DeviceWeight,
  decodedWeight,
  finished,
  multiplied,
} from '../quantizer/coding.ts';
import { seam } from '../seam.ts';
import { ShapeError } from '../tensor/host.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { GivenParams } from '../vocabulary/signature.ts';

/** The epsilon of normalizations, as Llama and torch have it. */
const EPS = 1e-5;

/** The random numbers of a pass: there are none outside of training. */
const randomOf = seam('layers.random', (tape: Tape): RandomState | undefined => tape.random);

/** Values of a model by name; weights of linears and convolutions may be quantized. */
export interface NamedValues {
  readonly names: readonly string[];
  readonly view: (name: string) => Tensor | DeviceWeight;
}

/**
 * Layers by their names in the state dict: each takes its parameters `<name>.weight` and, where
 * there is one, `<name>.bias`.
 */
export class Layers {
  readonly #tape: Tape;
  readonly #parameters: NamedValues;
  readonly #eps: number;

  /** `eps` is that of the normalizations. */
  constructor(tape: Tape, parameters: NamedValues, eps = EPS) {
    this.#tape = tape;
    this.#parameters = parameters;
    this.#eps = eps;
  }

  /**
   * y [..., out] = x [..., in] weight^T + bias, of a weight that may be quantized. Throws `rank` for
   * an x without a batch, ShapeError for one of another width.
   */
  linear(name: string, x: Tensor): Tensor {
    const weight = this.#parameters.view(`${name}.weight`);
    checkWidth(name, x.shape, weight.shape);
    if (!isQuantized(weight)) {
      const bias = this.biasOf(name);
      return this.#tape.apply(matmul, { a: x, b: weight, bias }, { transpose_b: true }, name).y;
    }
    const y = this.addBias(name, multiplied(this.#tape, weight, x, name));
    return finished(this.#tape, weight, y, name);
  }

  /** y [..., out] with the bias of a layer; y itself where it has none. */
  addBias(name: string, y: Tensor): Tensor {
    const bias = this.biasOf(name);
    return bias ? this.#tape.apply(add, { a: y, b: bias }, {}, `${name}.bias`).y : y;
  }

  /**
   * A convolution, with its bias where there is one; a quantized weight is decoded before it. `weight`
   * takes the place of the layer's own.
   */
  conv(
    name: string,
    x: Tensor,
    params: GivenParams<typeof conv2d.signature>,
    weight = this.weight(name),
  ): Tensor {
    const bias = this.biasOf(name);
    const stored = this.#parameters.view(`${name}.weight`);
    if (isQuantized(stored) && this.#tape.calibrates) calibrate(this.#tape, stored, x, name);
    const { y } = this.#tape.apply(conv2d, { x, weight, bias }, params, name);
    return isQuantized(stored) ? finished(this.#tape, stored, y, name) : y;
  }

  embedding(name: string, ids: Tensor): Tensor {
    return this.#tape.apply(embedding, { weight: this.weight(name), ids }, {}, name).y;
  }

  rmsNorm(name: string, x: Tensor): Tensor {
    return this.#tape.apply(rmsNorm, { x, weight: this.weight(name) }, { eps: this.#eps }, name).y;
  }

  layerNorm(name: string, x: Tensor): Tensor {
    return this.#tape.apply(
      layerNorm,
      { x, weight: this.weight(name), bias: this.bias(name) },
      { eps: this.#eps },
      name,
    ).y;
  }

  /** x itself on a tape without random numbers: nothing is dropped outside of training. */
  dropout(name: string, x: Tensor, p: number): Tensor {
    const random = randomOf(this.#tape);
    // One count of the generator gives four numbers.
    return random
      ? this.#tape.apply(dropout, { x }, { p, ...random.take(Math.ceil(x.size / 4)) }, name).y
      : x;
  }

  /** [B, S, heads * D] as [B, heads, S, D]. */
  splitHeads(name: string, x: Tensor, heads: number): Tensor {
    const [batch, length, width] = x.shape as [number, number, number];
    // Of one token heads lie as they should.
    if (length === 1) return this.#tape.view(x, [batch, heads, 1, width / heads]);
    const split = this.#tape.view(x, [batch, length, heads, width / heads]);
    return this.#tape.apply(transpose, { x: split }, { perm: [0, 2, 1, 3] }, name).y;
  }

  /** [B, H, S, D] as [B, S, H * D]. */
  mergeHeads(name: string, x: Tensor): Tensor {
    const [batch, heads, length, width] = x.shape as [number, number, number, number];
    if (length === 1) return this.#tape.view(x, [batch, 1, heads * width]);
    const merged = this.#tape.apply(transpose, { x }, { perm: [0, 2, 1, 3] }, name).y;
    return this.#tape.view(merged, [batch, length, heads * width]);
  }

  /** In floats: a quantized weight is decoded. */
  weight(name: string): Tensor {
    const value = this.#parameters.view(`${name}.weight`);
    return isQuantized(value) ? decodedWeight(this.#tape, value, name) : value;
  }

  /** Throws InvariantError for one that is quantized. */
  bias(name: string): Tensor {
    const value = this.#parameters.view(`${name}.bias`);
    if (isQuantized(value)) throw new InvariantError(`${name}.bias is quantized, and no weight`);
    return value;
  }

  /** The same, undefined where there is none. */
  biasOf(name: string): Tensor | undefined {
    return givenBias(this, name);
  }

  /** Whether there is a value of this name. */
  has(name: string): boolean {
    return this.#parameters.names.includes(name);
  }
}

const givenBias = seam('layers.bias_of', (layers: Layers, name: string): Tensor | undefined =>
  layers.has(`${name}.bias`) ? layers.bias(name) : undefined,
);

/** Refuses what a linear of `weight` [out, in] cannot take. */
const checkWidth = seam('layers.check_width', (name: string, x: Shape, weight: Shape): void => {
  const [, width] = weight;
  const found = `expected [*,${width}], got [${x.join()}]`;
  if (x.length < 2) {
    throw new GradproofError(
      'rank',
      `${name}: ${found}: add a batch dimension, as in [1,${x.join(',')}]`,
    );
  }
  if (x.at(-1) !== width) throw new ShapeError(`${name}: ${found}`);
});
