import { InvariantError } from '../../errors.ts';
import { decoded, isQuantized, type QuantizedWeight } from '../../quant/weight.ts';
import { frozenInputs } from '../../vocabulary/lora/frozen-weight.ts';
import type { loraLinear as loraSignature } from '../../vocabulary/lora/lora_linear.ts';
import type { GivenParams } from '../../vocabulary/signature.ts';
import { record as rotaryEmbeddingCache } from '../attention/rotary_embedding_cache.ts';
import { record as scaledDotProductAttention } from '../attention/scaled_dot_product_attention.ts';
import { record as loraLinear } from '../lora/lora_linear.ts';
import { record as add } from '../math/add.ts';
import { record as mul } from '../math/mul.ts';
import { record as matmul } from '../matmul/matmul.ts';
import { record as embedding } from '../nn/embedding.ts';
import { record as rmsNorm } from '../nn/rms_norm.ts';
import { record as silu } from '../nn/silu.ts';
import type { Value, Values } from '../record.ts';
import type { Graph } from './graph.ts';

/** What of transformers' LlamaConfig the computation depends on, by the vocabulary's names. */
export interface LlamaConfig {
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly kv_heads: number;
  readonly rms_eps: number;
  readonly rope_theta: number;
}

/** Values by name; the weight of a linear may be quantized. */
export type StateDict = Readonly<Record<string, Value | QuantizedWeight<Value>>>;

/** Parameters of the linears that have an adapter. */
export type Adapter = GivenParams<typeof loraSignature>;

/**
 * Logits [B, S, vocab] of modeling_llama.py in float64. Heads stay side by side in the last
 * dimension, and rotations come from tables, both unlike the engine's model, so that the two have
 * no layout in common.
 */
export function llamaLogits(
  graph: Graph,
  weights: StateDict,
  ids: Value,
  config: LlamaConfig,
  adapter?: Adapter,
): Value {
  const { hidden, layers, heads, kv_heads, rms_eps } = config;
  const stored = (name: string): Value | QuantizedWeight<Value> => {
    const value = weights[name];
    if (!value) throw new InvariantError(`the model has no ${name}`);
    return value;
  };
  const weight = (name: string): Value => {
    const value = stored(name);
    return isQuantized(value) ? { shape: value.shape, data: decoded(value) } : value;
  };
  const linear = (name: string, x: Value): Value => {
    const part = (of: string) =>
      weights[`${name}.${of}`] === undefined ? undefined : weight(`${name}.${of}`);
    const lora_A = part('lora_A');
    const lora_B = part('lora_B');
    if (!lora_A || !lora_B || !adapter)
      return graph.apply(matmul, { a: x, b: weight(`${name}.weight`) }, { transpose_b: true });
    const { tensors, params } = frozenInputs(stored(`${name}.weight`));
    const inputs = { x, lora_A, lora_B, magnitude: part('magnitude'), ...tensors };
    return graph.apply(loraLinear, inputs, { ...adapter, ...params });
  };
  const norm = (name: string, x: Value) =>
    graph.apply(rmsNorm, { x, weight: weight(`${name}.weight`) }, { eps: rms_eps });
  const tables = rotations(ids.shape[1] as number, config);
  const rotated = (x: Value, count: number) =>
    graph.apply(
      rotaryEmbeddingCache,
      { x, ...tables(ids.shape[0] as number) },
      { convention: 'half-split', heads: count },
    );

  let x = graph.apply(embedding, { weight: weight('model.embed_tokens.weight'), ids }, {});
  for (let i = 0; i < layers; i++) {
    const at = (module: string) => `model.layers.${i}.${module}`;
    const normed = norm(at('input_layernorm'), x);
    const q = rotated(linear(at('self_attn.q_proj'), normed), heads);
    const k = rotated(linear(at('self_attn.k_proj'), normed), kv_heads);
    const v = linear(at('self_attn.v_proj'), normed);
    const scale = 1 / Math.sqrt(hidden / heads);
    const attended = graph.apply(
      scaledDotProductAttention,
      { q, k, v },
      { causal: true, scale, heads, kv_heads },
    );
    x = graph.apply(add, { a: x, b: linear(at('self_attn.o_proj'), attended) }, {});
    const inner = norm(at('post_attention_layernorm'), x);
    const gate = graph.apply(silu, { x: linear(at('mlp.gate_proj'), inner) }, {});
    const gated = graph.apply(mul, { a: gate, b: linear(at('mlp.up_proj'), inner) }, {});
    x = graph.apply(add, { a: x, b: linear(at('mlp.down_proj'), gated) }, {});
  }
  return linear('lm_head', norm('model.norm', x));
}

/** Tables of LlamaRotaryEmbedding, [B, S, head_dim / 2]: the same for every sequence of a batch. */
function rotations(
  length: number,
  { hidden, heads, rope_theta }: LlamaConfig,
): (batch: number) => Values {
  const pairs = hidden / heads / 2;
  const table = (f: (angle: number) => number, batch: number): Value => {
    const data = new Float64Array(batch * length * pairs);
    return {
      shape: [batch, length, pairs],
      data: data.map((_, i) =>
        f((Math.floor(i / pairs) % length) * rope_theta ** (-(i % pairs) / pairs)),
      ),
    };
  };
  return (batch) => ({ cos: table(Math.cos, batch), sin: table(Math.sin, batch) });
}
