import { FlatParameters } from '../../../autograd/flat-parameters.ts';
import { HalfWeights } from '../../../autograd/half-weights.ts';
import type { Tape } from '../../../autograd/tape.ts';
import type { Gpu } from '../../../gpu/gpu.ts';
import { Layers } from '../../../models/layers.ts';
import type { Model } from '../../../models/model.ts';
import { scaledDotProductAttention } from '../../../ops/attention/scaled_dot_product_attention.ts';
import { add } from '../../../ops/math/add.ts';
import { gelu } from '../../../ops/math/gelu.ts';
import type { HostTensor } from '../../../tensor/host.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { NORM_EPS } from '../../steps/recipes.ts';
import type { StepOf } from '../../work.ts';

type Sizes = Extract<StepOf, { readonly model: 'transformer' }>;

/** A language model of pre-norm blocks: causal attention, and a network with GELU. */
export class PreNormTransformer implements Model {
  readonly parameters: FlatParameters;
  readonly #sizes: Sizes;
  readonly #halves: HalfWeights | undefined;

  constructor(gpu: Gpu, sizes: Sizes, weights: ReadonlyMap<string, HostTensor>) {
    this.parameters = new FlatParameters(gpu, weights);
    this.#sizes = sizes;
    // What is computed from halves is stored in halves.
    this.#halves = sizes.storage === 'f16' ? new HalfWeights(gpu, this.parameters) : undefined;
  }

  /** Logits [batch * tokens, vocabulary] of ids i32 [batch, tokens]. */
  forward(tape: Tape, { ids }: { readonly ids: Tensor }): Tensor {
    const layers = new Layers(tape, this.#halves?.on(tape) ?? this.parameters, NORM_EPS);
    const sum = (layer: string, a: Tensor, b: Tensor) => tape.apply(add, { a, b }, {}, layer).y;
    let x = sum('embedded', layers.embedding('embeddings', ids), layers.weight('positions'));
    for (let i = 0; i < this.#sizes.blocks; i++) {
      const at = `blocks.${i}`;
      const attended = this.#attention(tape, layers, at, layers.layerNorm(`${at}.norm1`, x));
      const y = sum(`${at}.attended`, x, attended);
      const raised = layers.linear(`${at}.up`, layers.layerNorm(`${at}.norm2`, y));
      const active = tape.apply(gelu, { x: raised }, { approximate: 'tanh' }, `${at}.gelu`).y;
      x = sum(`${at}.passed`, y, layers.linear(`${at}.down`, active));
    }
    const logits = layers.linear('head', layers.layerNorm('norm', x));
    return tape.view(logits, [ids.size, this.#sizes.vocabulary]);
  }

  #attention(tape: Tape, layers: Layers, at: string, x: Tensor): Tensor {
    const heads = (name: string) =>
      layers.splitHeads(`${at}.${name}`, layers.linear(`${at}.${name}`, x), this.#sizes.heads);
    const inputs = { q: heads('q'), k: heads('k'), v: heads('v') };
    const { y } = tape.apply(scaledDotProductAttention, inputs, { causal: true }, at);
    return layers.linear(`${at}.o`, layers.mergeHeads(at, y));
  }

  [Symbol.dispose](): void {
    this.#halves?.[Symbol.dispose]();
    this.parameters[Symbol.dispose]();
  }
}
