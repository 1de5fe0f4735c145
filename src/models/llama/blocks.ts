import type { FlatParameters } from '../../autograd/flat-parameters.ts';
import type { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { scaledDotProductAttention } from '../../ops/attention/scaled_dot_product_attention.ts';
import { add } from '../../ops/math/add.ts';
import { mul } from '../../ops/math/mul.ts';
import { silu } from '../../ops/nn/silu.ts';
import { seam } from '../../seam.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Layers, type NamedValues } from '../layers.ts';
import type { LlamaConfig } from './config.ts';
import { adaptedLinear, type LinearAdapter, oneOn } from './lora/adapted-linear.ts';
import { retrainedName } from './lora/retrained.ts';
import { Rotary } from './rotary.ts';
import type { TextContext } from './text-context.ts';

/** What blocks read: values by name, some of them trained. */
interface BlockValues extends NamedValues {
  readonly parameters: FlatParameters;
}

/** Whether queries and keys are normalized. */
const normsHeads = seam('nn.llama.normsHeads', ({ qk_norm = false }: LlamaConfig) => qk_norm);

/** The blocks of a Llama: attention and SwiGLU, each behind a norm and added to what came in. */
export class LlamaBlocks implements Disposable {
  readonly #config: LlamaConfig;
  readonly #values: BlockValues;
  readonly #adapterOf: (module: string) => LinearAdapter | undefined;
  readonly #rotary: Rotary;
  readonly #one: Tensor | undefined;
  readonly #owned: Scope;

  /** `hasBiases` says whether adapters have some. */
  constructor(
    gpu: Gpu,
    config: LlamaConfig,
    values: BlockValues,
    adapterOf: (module: string) => LinearAdapter | undefined,
    hasBiases: boolean,
  ) {
    using owned = new Scope();
    this.#config = config;
    this.#values = values;
    this.#adapterOf = adapterOf;
    this.#rotary = owned.add(new Rotary(gpu, config));
    this.#one = hasBiases ? owned.add(oneOn(gpu)) : undefined;
    this.#owned = owned.move();
  }

  /** What block `index` makes of x [B, S, hidden]; the tape owns it. */
  apply(tape: Tape, index: number, x: Tensor, text: TextContext): Tensor {
    const at = nameOf(index);
    const { rms_eps, dropout } = this.#config;
    const layers = new Layers(tape, this.#values, rms_eps);
    const sum = (layer: string, a: Tensor, b: Tensor) => {
      const dropped = dropout ? layers.dropout(`${layer}.dropout`, b, dropout) : b;
      return tape.apply(add, { a, b: dropped }, {}, layer).y;
    };
    const normed = layers.rmsNorm(`${at}.input_layernorm`, x);
    const attended = this.#attention(tape, layers, index, normed, text);
    const y = sum(`${at}.self_attn.residual`, x, attended);
    const inner = layers.rmsNorm(`${at}.post_attention_layernorm`, y);
    return sum(`${at}.mlp.residual`, y, this.#mlp(tape, layers, `${at}.mlp`, inner));
  }

  #attention(tape: Tape, layers: Layers, index: number, x: Tensor, text: TextContext): Tensor {
    const at = `${nameOf(index)}.self_attn`;
    const { heads, kv_heads } = this.#config;
    const projected = (name: string) => this.#linear(tape, layers, `${at}.${name}_proj`, x);
    const split = (name: string, count: number) =>
      layers.splitHeads(`${at}.${name}_proj`, projected(name), count);
    const normed = (name: string, count: number) => {
      const own = split(name, count);
      return normsHeads(this.#config) ? layers.rmsNorm(`${at}.${name}_norm`, own) : own;
    };
    const unturned = { q: normed('q', heads), k: normed('k', kv_heads) };
    const { q, k } = this.#rotary.apply(tape, unturned, text, `${at}.rotary_emb`);
    const { cache, causal } = text;
    const mask = text.maskOf(index);
    if (!cache) {
      const inputs = { q, k, v: split('v', kv_heads), mask };
      const { y } = tape.apply(scaledDotProductAttention, inputs, { causal }, at);
      return this.#linear(tape, layers, `${at}.o_proj`, layers.mergeHeads(at, y));
    }
    // Side by side the heads of a token lie as the cache has them.
    const merged = layers.mergeHeads(`${at}.k_proj`, k);
    const all = cache.append(index, { k: merged, v: projected('v') });
    const inputs = { q: layers.mergeHeads(`${at}.q_proj`, q), ...all, mask };
    const params = { causal, heads, kv_heads };
    const { y } = tape.apply(scaledDotProductAttention, inputs, params, at);
    return this.#linear(tape, layers, `${at}.o_proj`, y);
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
    const { parameters } = this.#values;
    const part = (of: string) =>
      parameters.names.includes(`${name}.${of}`) ? parameters.view(`${name}.${of}`) : undefined;
    const lora_A = part('lora_A');
    const lora_B = part('lora_B');
    const adapter = this.#adapterOf(name);
    if (!adapter || !lora_A || !lora_B) return layers.linear(name, x);
    const vectors = { lora_bias: part('lora_bias'), magnitude: part('magnitude') };
    return adaptedLinear(tape, layers, name, x, {
      adapter,
      tensors: { lora_A, lora_B, ...vectors },
      weight: this.#values.view(`${name}.weight`),
      trainsBias: parameters.names.includes(retrainedName(`${name}.bias`)),
      one: this.#one,
    });
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}

export const nameOf = (index: number): string => `model.layers.${index}`;
