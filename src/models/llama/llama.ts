import type { FlatParameters } from '../../autograd/flat-parameters.ts';
import type { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { rotaryEmbedding } from '../../ops/attention/rotary_embedding.ts';
import { scaledDotProductAttention } from '../../ops/attention/scaled_dot_product_attention.ts';
import { loraLinear } from '../../ops/lora/lora_linear.ts';
import { add } from '../../ops/math/add.ts';
import { mul } from '../../ops/math/mul.ts';
import { silu } from '../../ops/nn/silu.ts';
import { blockFormats } from '../../quant/registry.ts';
import { isQuantized, type QuantizedWeight } from '../../quant/weight.ts';
import { type DeviceWeight, isOfFormat } from '../../quantizer/coding.ts';
import { seam } from '../../seam.ts';
import { type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { frozenInputs } from '../../vocabulary/lora/frozen-weight.ts';
import type { loraLinear as loraSignature } from '../../vocabulary/lora/lora_linear.ts';
import type { GivenParams } from '../../vocabulary/signature.ts';
import { Layers } from '../layers.ts';
import type { Model } from '../model.ts';
import { ModelValues } from '../values.ts';
import type { LlamaConfig } from './config.ts';

const EMBEDDINGS = 'model.embed_tokens';
const HEAD = 'lm_head';

type LoraParams = GivenParams<typeof loraSignature>;

/**
 * Values by transformers' names: `<module>.weight`, of a linear perhaps quantized; of an adapter
 * `<module>.lora_A`, `<module>.lora_B` and, with DoRA, `<module>.magnitude`. What is not trained
 * stays as it is.
 */
export interface LlamaWeights {
  readonly trained: ReadonlyMap<string, HostTensor>;
  readonly frozen: ReadonlyMap<string, HostTensor | QuantizedWeight<HostTensor>>;
  /** Parameters of the linears that have an adapter. */
  readonly adapter?: LoraParams | undefined;
}

const rotaryOf = seam(
  'nn.llama.rotaryOf',
  ({ hidden, heads, rope_theta }: LlamaConfig): GivenParams<typeof rotaryEmbedding.signature> => ({
    head_dim: hidden / heads,
    theta: rope_theta,
    convention: 'half-split',
  }),
);

/**
 * transformers' LlamaForCausalLM: pre-norm blocks of causal attention with rotary positions and
 * grouped queries, and of SwiGLU; trained whole, or by the adapters of its linears over a frozen
 * base.
 */
export class Llama implements Model {
  readonly values: ModelValues;
  readonly #config: LlamaConfig;
  readonly #adapter: LoraParams | undefined;
  readonly #positions: Tensor;
  readonly #owned: Scope;

  /** Uploads the weights. */
  constructor(gpu: Gpu, config: LlamaConfig, { trained, frozen, adapter }: LlamaWeights) {
    using owned = new Scope();
    this.#config = config;
    this.#adapter = adapter;
    const positions = Array.from({ length: config.length }, (_, i) => i);
    this.#positions = owned.add(
      Tensor.from(gpu, hostTensorFrom('i32', [config.length], positions)),
    );
    this.values = owned.add(new ModelValues(gpu, trained, frozen));
    this.#owned = owned.move();
  }

  /** Logits f32 [B, S, vocab] of ids i32 [B, S], where S is at most the length of the configuration. */
  forward(tape: Tape, { ids }: { readonly ids: Tensor }): Tensor {
    const { layers: count, rms_eps, tie_word_embeddings = false, checkpointing } = this.#config;
    const layers = new Layers(tape, this, rms_eps);
    const positions = this.#positions.view([ids.shape[1] as number]);
    let x = layers.embedding(EMBEDDINGS, ids);
    for (let i = 0; i < count; i++) {
      const from = x;
      const name = `model.layers.${i}`;
      const block = (on: Tape) => this.#block(on, name, from, positions);
      x = checkpointing ? tape.checkpoint(block, name) : block(tape);
    }
    const head = tie_word_embeddings ? EMBEDDINGS : HEAD;
    return layers.linear(HEAD, layers.rmsNorm('model.norm', x), head);
  }

  get parameters(): FlatParameters {
    return this.values.parameters;
  }

  get names(): readonly string[] {
    return this.values.names;
  }

  /** A value, trained or not. Throws RangeError when none has the name. */
  view(name: string): Tensor | DeviceWeight {
    return this.values.view(name);
  }

  #block(tape: Tape, at: string, x: Tensor, positions: Tensor): Tensor {
    const { rms_eps, dropout } = this.#config;
    const layers = new Layers(tape, this, rms_eps);
    const sum = (layer: string, a: Tensor, b: Tensor) => {
      const dropped = dropout ? layers.dropout(`${layer}.dropout`, b, dropout) : b;
      return tape.apply(add, { a, b: dropped }, {}, layer).y;
    };
    const normed = layers.rmsNorm(`${at}.input_layernorm`, x);
    const attended = this.#attention(tape, layers, `${at}.self_attn`, normed, positions);
    const y = sum(`${at}.self_attn.residual`, x, attended);
    const inner = layers.rmsNorm(`${at}.post_attention_layernorm`, y);
    return sum(`${at}.mlp.residual`, y, this.#mlp(tape, layers, `${at}.mlp`, inner));
  }

  #attention(tape: Tape, layers: Layers, at: string, x: Tensor, position_ids: Tensor): Tensor {
    const { heads, kv_heads } = this.#config;
    const projected = (name: string, count: number) =>
      layers.splitHeads(name, this.#linear(tape, layers, name, x), count);
    const inputs = {
      q: projected(`${at}.q_proj`, heads),
      k: projected(`${at}.k_proj`, kv_heads),
      position_ids,
    };
    const { q, k } = tape.apply(
      rotaryEmbedding,
      inputs,
      rotaryOf(this.#config),
      `${at}.rotary_emb`,
    );
    const v = projected(`${at}.v_proj`, kv_heads);
    const { y } = tape.apply(scaledDotProductAttention, { q, k, v }, { causal: true }, at);
    return this.#linear(tape, layers, `${at}.o_proj`, layers.mergeHeads(at, y));
  }

  #mlp(tape: Tape, layers: Layers, at: string, x: Tensor): Tensor {
    const gate = tape.apply(
      silu,
      { x: this.#linear(tape, layers, `${at}.gate_proj`, x) },
      {},
      `${at}.act_fn`,
    ).y;
    const up = this.#linear(tape, layers, `${at}.up_proj`, x);
    const { y } = tape.apply(mul, { a: gate, b: up }, {}, `${at}.gated`);
    return this.#linear(tape, layers, `${at}.down_proj`, y);
  }

  /** A linear, with its adapter where it has one. */
  #linear(tape: Tape, layers: Layers, name: string, x: Tensor): Tensor {
    const adapter = (part: string) =>
      this.parameters.names.includes(`${name}.${part}`)
        ? this.parameters.view(`${name}.${part}`)
        : undefined;
    const lora_A = adapter('lora_A');
    const lora_B = adapter('lora_B');
    if (!this.#adapter || !lora_A || !lora_B) return layers.linear(name, x);
    const { tensors, params } = frozenInputs(this.#base(layers, name));
    const inputs = { x, lora_A, lora_B, magnitude: adapter('magnitude'), ...tensors };
    return tape.apply(loraLinear, inputs, { ...this.#adapter, ...params }, name).y;
  }

  /** The weight below an adapter: as it is stored where the op decodes it in registers. */
  #base(layers: Layers, name: string): Tensor | QuantizedWeight<Tensor> {
    const weight = this.view(`${name}.weight`);
    if (!isQuantized(weight)) return weight;
    const isInRegisters = isOfFormat(weight) && blockFormats.has(weight.format.name);
    return isInRegisters ? weight : layers.weight(name);
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}
