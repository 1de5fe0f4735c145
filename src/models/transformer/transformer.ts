import type { FlatParameters } from '../../autograd/flat-parameters.ts';
import type { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { rotaryEmbedding } from '../../ops/attention/rotary_embedding.ts';
import { scaledDotProductAttention } from '../../ops/attention/scaled_dot_product_attention.ts';
import { add } from '../../ops/math/add.ts';
import { swigluMlp } from '../../ops/nn/swiglu_mlp.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { Layers } from '../layers.ts';
import type { Model } from '../model.ts';
import { ModelValues } from '../values.ts';
import type { TransformerConfig } from './config.ts';
import { initialTransformer } from './initial.ts';

/**
 * A language model of one block as Llama has it: pre-norm, rotary positions, grouped queries,
 * causal attention, SwiGLU. Parameters have Llama's names.
 */
export class Transformer implements Model {
  readonly values: ModelValues;
  readonly #config: TransformerConfig;
  readonly #positions: Tensor;

  constructor(gpu: Gpu, config: TransformerConfig, random: Random) {
    const { length } = config;
    this.#config = config;
    this.#positions = Tensor.from(
      gpu,
      hostTensorFrom(
        'i32',
        [length],
        Array.from({ length }, (_, i) => i),
      ),
    );
    this.values = new ModelValues(gpu, initialTransformer(config, random));
  }

  get parameters(): FlatParameters {
    return this.values.parameters;
  }

  /** Logits [n * length, vocab] for the token after each, of ids i32 [n, length]. */
  forward(tape: Tape, inputs: { readonly ids: Tensor }): Tensor {
    const layers = new Layers(tape, this.values);
    const embedded = layers.embedding('embed_tokens', inputs.ids);
    const attended = this.#attention(tape, layers, layers.rmsNorm('input_layernorm', embedded));
    const residual = tape.apply(add, { a: embedded, b: attended }, {}, 'self_attn.residual').y;
    const gate = layers.weight('mlp.gate_proj');
    const up = layers.weight('mlp.up_proj');
    const down = layers.weight('mlp.down_proj');
    const raised = tape.apply(
      swigluMlp,
      { x: layers.rmsNorm('post_attention_layernorm', residual), gate, up, down },
      {},
      'mlp',
    ).y;
    const sum = tape.apply(add, { a: residual, b: raised }, {}, 'mlp.residual').y;
    const logits = layers.linear('lm_head', layers.rmsNorm('norm', sum));
    return tape.view(logits, [inputs.ids.size, this.#config.vocab]);
  }

  #attention(tape: Tape, layers: Layers, x: Tensor): Tensor {
    const { heads, kvHeads, headDim } = this.#config;
    const projected = (name: string, count: number) =>
      layers.splitHeads(name, layers.linear(name, x), count);
    const inputs = {
      q: projected('self_attn.q_proj', heads),
      k: projected('self_attn.k_proj', kvHeads),
      position_ids: this.#positions,
    };
    const { q, k } = tape.apply(
      rotaryEmbedding,
      inputs,
      { head_dim: headDim },
      'self_attn.rotary_emb',
    );
    const v = projected('self_attn.v_proj', kvHeads);
    const { y } = tape.apply(scaledDotProductAttention, { q, k, v }, { causal: true }, 'self_attn');
    return layers.linear('self_attn.o_proj', layers.mergeHeads('self_attn', y));
  }

  [Symbol.dispose](): void {
    this.values[Symbol.dispose]();
    this.#positions[Symbol.dispose]();
  }
}
