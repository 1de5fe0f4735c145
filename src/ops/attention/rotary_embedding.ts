import shader from '../../../shaders/attention/rotary_angles.wgsl';
import { GradproofError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { Convention } from '../../vocabulary/attention/convention.ts';
import { rotaryEmbedding as signature } from '../../vocabulary/attention/rotary_embedding.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import type { Heads } from './layout.ts';
import { rotate } from './rotate.ts';

type Params = ParamsOf<typeof signature>;

/** Powers of two that the kernel makes pairs of. */
const POWERS = 10;

/**
 * Rotary position embedding as Llama has it: pair k of position p rotates by p * theta^(-2 k /
 * head_dim). q, k: f32 [B, H, S, D], of any number of heads, or with any other dimensions before
 * [S, D]; position_ids: i32 [S], [1, S] or [B, S], none negative. The angles are exact to float32
 * for every position. The backward pass rotates back. Throws ShapeError when they do not fit, and
 * an error with code `bad-params` for a theta or head_dim out of range.
 */
export const rotaryEmbedding = launcher(signature, {
  variants: {
    // Angles are reduced in integers: they go through no rounding of float32 that grows with the
    // position.
    'fixed-point': {
      kernels: ['attention/rotary_angles', 'attention/rotary_embedding_cache'],
      depth: () => 0,
    },
  },
  forward: (gpu, { q, k, position_ids }, params) => {
    const layouts = {
      q: layoutOf(q.shape, position_ids.shape, params),
      k: layoutOf(k.shape, position_ids.shape, params),
    };
    using tables = new Angles(gpu, position_ids, params);
    return { q: tables.rotate(q, layouts.q, false), k: tables.rotate(k, layouts.k, false) };
  },
  backward: (gpu, { inputs, grads, params, wants }) => {
    const { position_ids } = inputs;
    const wanted = (['q', 'k'] as const).filter((name) => wants.has(name));
    if (wanted.length === 0) return {};
    using tables = new Angles(gpu, position_ids, params);
    const gradientOf = (name: 'q' | 'k'): Tensor => {
      const layout = layoutOf(inputs[name].shape, position_ids.shape, params);
      const dy = grads[name];
      return dy ? tables.rotate(dy, layout, true) : Tensor.zeros(gpu, inputs[name].shape);
    };
    return Object.fromEntries(wanted.map((name) => [name, gradientOf(name)]));
  },
});

/** Cosines and sines of every position and pair. */
class Angles implements Disposable {
  readonly #gpu: Gpu;
  readonly #cos: Tensor;
  readonly #sin: Tensor;
  readonly #shared: boolean;
  readonly #convention: Convention;

  constructor(gpu: Gpu, position_ids: Tensor, { head_dim, theta, convention }: Params) {
    const pairs = head_dim / 2;
    this.#gpu = gpu;
    const shape = [position_ids.size, pairs];
    this.#cos = Tensor.empty(gpu, 'f32', shape);
    this.#sin = Tensor.empty(gpu, 'f32', shape);
    this.#shared = position_ids.shape.length < 2 || position_ids.shape[0] === 1;
    this.#convention = convention;
    const powers = Array.from({ length: POWERS }, (_, j) =>
      fractionOf(theta ** (-(2 ** (j + 1)) / head_dim)),
    );
    gpu.dispatch({
      shader,
      bindings: [position_ids, this.#cos, this.#sin].map((tensor) => tensor.binding),
      uniforms: [...powers.flat(), ...fractionOf(1 / (2 * Math.PI)), position_ids.size, pairs].map(
        u32,
      ),
      workgroups: linearGrid(sizeOf(shape)),
    });
  }

  rotate(x: Tensor, heads: Heads, inverse: boolean): Tensor {
    return rotate(this.#gpu, {
      x,
      heads,
      cos: this.#cos,
      sin: this.#sin,
      shared: this.#shared,
      convention: this.#convention,
      inverse,
    });
  }

  [Symbol.dispose](): void {
    this.#cos[Symbol.dispose]();
    this.#sin[Symbol.dispose]();
  }
}

/** A number from 0 to 1 as a fraction of 2^64, high word and low word. */
function fractionOf(x: number): [high: number, low: number] {
  const high = Math.floor(x * 2 ** 32);
  return x >= 1 ? [2 ** 32 - 1, 2 ** 32 - 1] : [high, Math.floor((x * 2 ** 32 - high) * 2 ** 32)];
}

/** Dimensions before [S, D] as batches and heads. */
function layoutOf(x: Shape, ids: Shape, { head_dim, theta }: Params): Heads {
  const pairs = head_dim / 2;
  if (!Number.isInteger(pairs) || pairs < 1 || pairs > 2 ** POWERS || !(theta >= 1)) {
    throw new GradproofError(
      'bad-params',
      `rotary_embedding: head_dim ${head_dim} with theta ${theta} is out of range`,
    );
  }
  const length = x.at(-2) as number;
  const batch = ids.length === 2 ? (ids[0] as number) : 1;
  const fits =
    x.length >= 2 &&
    x.at(-1) === head_dim &&
    ids.length <= 2 &&
    ids.at(-1) === length &&
    (batch === 1 || batch === x[0]);
  if (!fits)
    throw new ShapeError(
      `rotary_embedding: positions ${formatShape(ids)} do not fit ${formatShape(x)} of head_dim ${head_dim}`,
    );
  const heads = sizeOf(x.slice(batch === 1 ? 0 : 1, -2));
  return {
    batch,
    heads,
    length,
    width: head_dim,
    strides: [heads * length * head_dim, length * head_dim, head_dim],
  };
}
