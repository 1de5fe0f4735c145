import type { FlatParameters } from '../../autograd/flat-parameters.ts';
import type { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { scaledDotProductAttention } from '../../ops/attention/scaled_dot_product_attention.ts';
import { add } from '../../ops/math/add.ts';
import { mul } from '../../ops/math/mul.ts';
import { silu } from '../../ops/nn/silu.ts';
import type { QuantizedWeight } from '../../quant/weight.ts';
import type { DeviceWeight } from '../../quantizer/coding.ts';
import { seam } from '../../seam.ts';
import type { HostTensor } from '../../tensor/host.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Layers } from '../layers.ts';
import type { Model } from '../model.ts';
import { ModelValues } from '../values.ts';
import type { LlamaConfig } from './config.ts';
import { adaptedLinear, type LinearAdapter, type LoraParams } from './lora/adapted-linear.ts';
import { Rotary } from './rotary.ts';
import { WindowMask } from './window-mask.ts';

const EMBEDDINGS = 'model.embed_tokens';
const HEAD = 'lm_head';

/**
 * Values by transformers' names: `<module>.weight`, of a linear perhaps quantized; of an adapter
 * `<module>.lora_A`, `<module>.lora_B` and, with DoRA, `<module>.magnitude`. What is not trained
 * stays as it is.
 */
export interface LlamaWeights {
  readonly trained: ReadonlyMap<string, HostTensor>;
  /** What is on the device already the model takes over. */
  readonly frozen: ReadonlyMap<string, HostTensor | QuantizedWeight<HostTensor> | Tensor>;
  /** Parameters of the linears that have an adapter. */
  readonly adapter?: LoraParams | undefined;
  /** Of each by the name of its module, in the place of `adapter`. */
  readonly adapters?: ReadonlyMap<string, LinearAdapter> | undefined;
}

/** Whether queries and keys are normalized. */
const normsHeads = seam('nn.llama.normsHeads', ({ qk_norm = false }: LlamaConfig) => qk_norm);

/**
 * transformers' LlamaForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM and MistralForCausalLM:
 * pre-norm blocks of causal attention with rotary positions and grouped queries, and of SwiGLU;
 * trained whole, or by the adapters of its linears over a frozen base. A linear has a bias where
 * there is a value for it.
 */
export class Llama implements Model {
  readonly values: ModelValues;
  readonly #config: LlamaConfig;
  readonly #adapterOf: (module: string) => LinearAdapter | undefined;
  readonly #rotary: Rotary;
  readonly #window: WindowMask;
  readonly #owned: Scope;

  /** Uploads the weights that are on the host. */
  constructor(gpu: Gpu, config: LlamaConfig, { trained, frozen, adapter, adapters }: LlamaWeights) {
    using owned = new Scope();
    this.#config = config;
    this.#adapterOf = (module) => adapters?.get(module) ?? adapter;
    this.#rotary = owned.add(new Rotary(gpu, config));
    this.#window = owned.add(new WindowMask(gpu, config));
    this.values = owned.add(new ModelValues(gpu, trained, frozen));
    this.#owned = owned.move();
  }

  /** Logits f32 [B, S, vocab] of ids i32 [B, S], where S is at most the length of the configuration. */
  forward(tape: Tape, { ids }: { readonly ids: Tensor }): Tensor {
    const { layers: count, rms_eps, tie_word_embeddings = false, checkpointing } = this.#config;
    const layers = new Layers(tape, this, rms_eps);
    let x = layers.embedding(EMBEDDINGS, ids);
    for (let i = 0; i < count; i++) {
      const from = x;
      const block = (on: Tape) => this.#block(on, i, from);
      x = checkpointing ? tape.checkpoint(block, nameOf(i)) : block(tape);
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

  #block(tape: Tape, index: number, x: Tensor): Tensor {
    const at = nameOf(index);
    const { rms_eps, dropout } = this.#config;
    const layers = new Layers(tape, this, rms_eps);
    const sum = (layer: string, a: Tensor, b: Tensor) => {
      const dropped = dropout ? layers.dropout(`${layer}.dropout`, b, dropout) : b;
      return tape.apply(add, { a, b: dropped }, {}, layer).y;
    };
    const normed = layers.rmsNorm(`${at}.input_layernorm`, x);
    const attended = this.#attention(tape, layers, index, normed);
    const y = sum(`${at}.self_attn.residual`, x, attended);
    const inner = layers.rmsNorm(`${at}.post_attention_layernorm`, y);
    return sum(`${at}.mlp.residual`, y, this.#mlp(tape, layers, `${at}.mlp`, inner));
  }

  #attention(tape: Tape, layers: Layers, index: number, x: Tensor): Tensor {
    const at = `${nameOf(index)}.self_attn`;
    const { heads, kv_heads } = this.#config;
    const projected = (name: string, count: number) =>
      layers.splitHeads(
        `${at}.${name}_proj`,
        this.#linear(tape, layers, `${at}.${name}_proj`, x),
        count,
      );
    const normed = (name: string, count: number) => {
      const split = projected(name, count);
      return normsHeads(this.#config) ? layers.rmsNorm(`${at}.${name}_norm`, split) : split;
    };
    const unturned = { q: normed('q', heads), k: normed('k', kv_heads) };
    const { q, k } = this.#rotary.apply(tape, unturned, `${at}.rotary_emb`);
    const v = projected('v', kv_heads);
    const mask = this.#window.of(index, x.shape[1] as number);
    const { y } = tape.apply(scaledDotProductAttention, { q, k, v, mask }, { causal: true }, at);
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
    const part = (of: string) =>
      this.parameters.names.includes(`${name}.${of}`)
        ? this.parameters.view(`${name}.${of}`)
        : undefined;
    const lora_A = part('lora_A');
    const lora_B = part('lora_B');
    const adapter = this.#adapterOf(name);
    if (!adapter || !lora_A || !lora_B) return layers.linear(name, x);
    const tensors = { lora_A, lora_B, magnitude: part('magnitude') };
    const weight = this.view(`${name}.weight`);
    return adaptedLinear(tape, layers, name, x, { adapter, tensors, weight });
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}

const nameOf = (index: number): string => `model.layers.${index}`;
