import { FlatParameters } from '../../autograd/flat-parameters.ts';
import type { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { scaledDotProductAttention } from '../../ops/attention/scaled_dot_product_attention.ts';
import { add } from '../../ops/math/add.ts';
import { gelu } from '../../ops/math/gelu.ts';
import { mul } from '../../ops/math/mul.ts';
import { reduceSum } from '../../ops/math/reduce_sum.ts';
import type { Random } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Layers } from '../layers.ts';
import type { Model } from '../model.ts';
import type { SequenceClassifierConfig } from './config.ts';
import { initialSequenceClassifier } from './initial.ts';

/**
 * A classifier of padded sequences: an encoder layer that sees both ways, then the mean of its
 * tokens and a linear.
 */
export class SequenceClassifier implements Model {
  readonly parameters: FlatParameters;
  readonly #config: SequenceClassifierConfig;

  constructor(gpu: Gpu, config: SequenceClassifierConfig, random: Random) {
    this.#config = config;
    this.parameters = new FlatParameters(gpu, new Map(initialSequenceClassifier(config, random)));
  }

  /**
   * Logits [n, classes] of ids i32 [n, length]; mask u8 [n, 1, 1, length] is 0 at padding, share
   * f32 [n, length, 1] 1 / tokens elsewhere.
   */
  forward(
    tape: Tape,
    { ids, mask, share }: { readonly ids: Tensor; readonly mask: Tensor; readonly share: Tensor },
  ): Tensor {
    const { dropout } = this.#config;
    const layers = new Layers(tape, this.parameters);
    const embedded = layers.embedding('embeddings', ids);
    const attended = layers.dropout(
      'dropout1',
      this.#attention(tape, layers, layers.layerNorm('norm1', embedded), mask),
      dropout,
    );
    const residual = tape.apply(add, { a: embedded, b: attended }, {}, 'residual1').y;
    const inner = tape.apply(
      gelu,
      { x: layers.linear('linear1', layers.layerNorm('norm2', residual)) },
      {},
      'gelu',
    ).y;
    const mapped = layers.dropout('dropout2', layers.linear('linear2', inner), dropout);
    const sum = tape.apply(add, { a: residual, b: mapped }, {}, 'residual2').y;
    const shares = tape.apply(mul, { a: sum, b: share }, {}, 'pooler').y;
    return layers.linear(
      'classifier',
      tape.apply(reduceSum, { x: shares }, { axes: [1], keepdims: false }, 'pooler').y,
    );
  }

  #attention(tape: Tape, layers: Layers, x: Tensor, mask: Tensor): Tensor {
    const { heads } = this.#config;
    const q = layers.linear('query', x);
    const k = layers.linear('key', x);
    const v = layers.linear('value', x);
    const { y } = tape.apply(
      scaledDotProductAttention,
      { q, k, v, mask },
      { heads, kv_heads: heads },
      'attention',
    );
    return layers.linear('out_proj', y);
  }

  [Symbol.dispose](): void {
    this.parameters[Symbol.dispose]();
  }
}
