import type { Gpu } from '../gpu/gpu.ts';
import { scaledDotProductAttention } from '../ops/attention/scaled_dot_product_attention.ts';
import { add } from '../ops/math/add.ts';
import { gelu } from '../ops/math/gelu.ts';
import { mul } from '../ops/math/mul.ts';
import { reduce_sum } from '../ops/math/reduce_sum.ts';
import type { Random } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { FlatParameters } from './flat-parameters.ts';
import { initialEmbedding, initialLinear, initialNorm } from './initial.ts';
import { Layers } from './layers.ts';
import type { Model } from './model.ts';
import type { Tape } from './tape.ts';

/** Sizes of a {@link SequenceClassifier}. */
export interface SequenceClassifierConfig {
  readonly vocab: number;
  readonly heads: number;
  readonly headDim: number;
  readonly classes: number;
  /** Probability with which a number is dropped in training. */
  readonly dropout: number;
}

/** A classifier of padded sequences: an encoder layer that sees both ways, then the mean of its tokens and a linear. */
export class SequenceClassifier implements Model {
  readonly parameters: FlatParameters;
  readonly #config: SequenceClassifierConfig;

  constructor(gpu: Gpu, config: SequenceClassifierConfig, random: Random) {
    const { vocab, heads, headDim, classes } = config;
    const width = heads * headDim;
    const linear = (name: string, out: number, features: number) => initialLinear(name, [out, features], random);
    this.#config = config;
    this.parameters = new FlatParameters(
      gpu,
      new Map([
        ...initialEmbedding('embeddings', vocab, width, random),
        ...initialNorm('norm1', width, true),
        ...linear('query', width, width),
        ...linear('key', width, width),
        ...linear('value', width, width),
        ...linear('out_proj', width, width),
        ...initialNorm('norm2', width, true),
        ...linear('linear1', 2 * width, width),
        ...linear('linear2', width, 2 * width),
        ...linear('classifier', classes, width),
      ]),
    );
  }

  /** Logits [n, classes] of ids i32 [n, length]; mask u8 [n, 1, 1, length] is 0 at padding, share f32 [n, length, 1] 1 / tokens elsewhere. */
  forward(tape: Tape, { ids, mask, share }: { readonly ids: Tensor; readonly mask: Tensor; readonly share: Tensor }): Tensor {
    const { dropout } = this.#config;
    const layers = new Layers(tape, this.parameters);
    const embedded = layers.embedding('embeddings', ids);
    const attended = layers.dropout('dropout1', this.#attention(tape, layers, layers.layerNorm('norm1', embedded), mask), dropout);
    const residual = tape.apply(add, { a: embedded, b: attended }, {}, 'residual1').y;
    const inner = tape.apply(gelu, { x: layers.linear('linear1', layers.layerNorm('norm2', residual)) }, {}, 'gelu').y;
    const mapped = layers.dropout('dropout2', layers.linear('linear2', inner), dropout);
    const sum = tape.apply(add, { a: residual, b: mapped }, {}, 'residual2').y;
    const shares = tape.apply(mul, { a: sum, b: share }, {}, 'pooler').y;
    return layers.linear('classifier', tape.apply(reduce_sum, { x: shares }, { axes: [1], keepdims: false }, 'pooler').y);
  }

  #attention(tape: Tape, layers: Layers, x: Tensor, mask: Tensor): Tensor {
    const { heads } = this.#config;
    const [q, k, v] = [layers.linear('query', x), layers.linear('key', x), layers.linear('value', x)];
    const { y } = tape.apply(scaledDotProductAttention, { q, k, v, mask }, { heads, kv_heads: heads }, 'attention');
    return layers.linear('out_proj', y);
  }

  [Symbol.dispose](): void {
    this.parameters[Symbol.dispose]();
  }
}
