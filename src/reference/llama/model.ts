import { InvariantError } from '../../errors.ts';
import { type Call, callOf, mapped, type Named } from '../../graph/call.ts';
import type { Graph, ValueType } from '../../graph/graph.ts';
import { isQuantized, type QuantizedWeight, withParts } from '../../quant/weight.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { RopeScaling, SlidingWindow } from '../../vocabulary/attention/rope-scaling.ts';
import { rotaryEmbeddingCache } from '../../vocabulary/attention/rotary_embedding_cache.ts';
import { scaledDotProductAttention } from '../../vocabulary/attention/scaled_dot_product_attention.ts';
import { frozenInputs } from '../../vocabulary/lora/frozen-weight.ts';
import { loraLinear } from '../../vocabulary/lora/lora_linear.ts';
import { add } from '../../vocabulary/math/add.ts';
import { mul } from '../../vocabulary/math/mul.ts';
import { matmul } from '../../vocabulary/matmul/matmul.ts';
import { crossEntropy } from '../../vocabulary/nn/cross_entropy.ts';
import { dropout } from '../../vocabulary/nn/dropout.ts';
import { embedding } from '../../vocabulary/nn/embedding.ts';
import { rmsNorm } from '../../vocabulary/nn/rms_norm.ts';
import { silu } from '../../vocabulary/nn/silu.ts';
import { signatureOf } from '../../vocabulary/registry.ts';
import type { GivenParams } from '../../vocabulary/signature.ts';
import { GraphAuthor, type HalfType, typed } from '../networks/author.ts';
import type { Value, Values } from '../record.ts';
import { frequencyOf, turnFactorOf } from './frequencies.ts';

/** What of transformers' configurations the computation depends on, by the vocabulary's names. */
export interface LlamaConfig {
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly kv_heads: number;
  /** Columns of a head. Default hidden / heads. */
  readonly head_dim?: number;
  /** Whether each head of queries and keys is normalized before it rotates. Default no. */
  readonly qk_norm?: boolean;
  readonly rms_eps: number;
  readonly rope_theta: number;
  readonly rope_scaling?: RopeScaling;
  readonly sliding_window?: SlidingWindow;
  readonly tie_word_embeddings?: boolean;
}

/** Values by transformers' names; the weight of a linear with an adapter may be quantized. */
export type StateDict<T = Value> = Readonly<Record<string, T | QuantizedWeight<T>>>;

/** Parameters of the linears that have an adapter. */
export type Adapter = GivenParams<typeof loraLinear>;

/** What the graph of a Llama depends on. */
interface Llama {
  readonly config: LlamaConfig;
  readonly adapter?: Adapter | undefined;
  /** Of each linear by its name, in the place of `adapter`. */
  readonly adapters?: ReadonlyMap<string, Adapter> | undefined;
  readonly weights: StateDict;
  /** Names of those that are trained. Default none that `lora_linear` has no gradient of. */
  readonly trained?: ReadonlySet<string> | undefined;
  /** [B, S]. */
  readonly batch: Shape;
  /** Products as torch.autocast stores them. Default float32. */
  readonly autocast?: HalfType | undefined;
  /**
   * Whether rows hold several texts: then positions and what is seen are inputs, those of
   * {@link packedInputs}. Default no.
   */
  readonly isPacked?: boolean;
  /**
   * Tokens at the start of each row that are read together; each later one is read by itself, and
   * turns as the last of a text that ends with it. Default all.
   */
  readonly together?: number | undefined;
  /** Whether the graph ends in logits, and has neither labels nor loss. Default no. */
  readonly endsInLogits?: boolean;
  /** Dropout of what each half of a block adds, with random numbers of this seed. Default none. */
  readonly dropout?: { readonly p: number; readonly seed: number } | undefined;
}

/** x W^T of a weight in codes of a format that has a product. */
function productOf(x: ValueType, weight: QuantizedWeight<ValueType>): Call<ValueType> {
  const { multiply } = weight.format.ops;
  if (!multiply) throw new InvariantError(`${weight.format.name} has no product`);
  const params = multiply.params(weight);
  return { op: signatureOf(multiply.op), params, inputs: { x, ...weight.parts } };
}

/**
 * The graph of modeling_llama.py from `ids` and `labels` to `logits` [B, S, vocab] and `loss`; its
 * constants are those of {@link constantsOf}. Heads stay side by side in the last dimension, and
 * rotations come from tables, both unlike the engine's model, so that the two have no layout in
 * common. Throws InvariantError for a weight that is missing, or quantized where no product
 * reads it.
 */
export function llamaGraph({
  config,
  adapter: usual,
  adapters,
  weights,
  trained = new Set(),
  batch,
  autocast,
  endsInLogits,
  isPacked,
  dropout: dropping,
}: Llama): Graph {
  const { hidden, layers, heads, kv_heads, rms_eps, head_dim = hidden / heads } = config;
  const types = typesOf(weights);
  const ids = typed(batch, 'i32');
  const labels = typed(batch, 'i32');
  const cos = typed([...batch, head_dim / 2]);
  const sin = typed(cos.shape);
  const length = batch[1] as number;
  const hides = isHidden(config, length);
  const square = isPacked ? [batch[0] as number, 1, length, length] : [length, length];
  const inWindow = hides ? typed(square, 'u8') : undefined;
  const inText = isPacked ? typed(square, 'u8') : undefined;
  const places = {
    ...tables(cos, sin),
    ...(inWindow ? maskOf(inWindow) : {}),
    ...(inText ? { 'documents.seen': inText } : {}),
  };
  const constants = { ...tensorsOf(types), ...(isPacked ? {} : places) };
  const inputs = {
    ...(endsInLogits ? { ids } : { ids, labels }),
    ...(isPacked ? places : {}),
  };
  const author = new GraphAuthor(inputs, constants, autocast);
  const apply = author.apply.bind(author);
  const stored = (name: string): ValueType | QuantizedWeight<ValueType> => {
    const type = types[name];
    if (!type) throw new InvariantError(`the model has no ${name}`);
    return type;
  };
  const weight = (name: string): ValueType => {
    const type = stored(name);
    if (isQuantized(type))
      throw new InvariantError(`${name} is quantized, and no product reads it`);
    return type;
  };
  const linear = (name: string, x: ValueType): ValueType => {
    const part = (of: string) => (types[`${name}.${of}`] ? weight(`${name}.${of}`) : undefined);
    const shape = [...x.shape.slice(0, -1), stored(`${name}.weight`).shape[0] as number];
    const lora_A = part('lora_A');
    const bias = part('bias');
    const adapter = adapters?.get(name) ?? usual;
    if (!lora_A || !adapter) {
      const b = stored(`${name}.weight`);
      if (isQuantized(b)) {
        const y = apply(name, productOf(x, b), shape);
        return bias ? apply(name, callOf(add, { a: y, b: bias }, {}), shape) : y;
      }
      return apply(name, callOf(matmul, { a: x, b, bias }, { transpose_b: true }), shape);
    }
    const { tensors, params } = frozenInputs(stored(`${name}.weight`));
    const lora_B = weight(`${name}.lora_B`);
    const isAlone = trained.has(`${name}.bias`);
    const own = { lora_A, lora_B, bias: isAlone ? undefined : bias, magnitude: part('magnitude') };
    const y = apply(
      name,
      callOf(loraLinear, { x, ...own, ...tensors }, { ...adapter, ...params }),
      shape,
    );
    // The op has no gradient of its bias.
    return isAlone && bias ? apply(`${name}.bias`, callOf(add, { a: y, b: bias }, {}), shape) : y;
  };
  const norm = (name: string, x: ValueType) =>
    apply(
      name,
      callOf(rmsNorm, { x, weight: weight(`${name}.weight`) }, { eps: rms_eps }),
      x.shape,
    );
  const rotated = (at: string, name: 'q' | 'k', x: ValueType, count: number) => {
    const params = { convention: 'half-split', heads: count } as const;
    const projected = linear(`${at}.${name}_proj`, x);
    const normed = config.qk_norm
      ? author.view(
          norm(`${at}.${name}_norm`, author.view(projected, [...batch, count, head_dim])),
          projected.shape,
        )
      : projected;
    const inputs = { x: normed, cos, sin };
    return apply(
      `${at}.rotary_${name}`,
      callOf(rotaryEmbeddingCache, inputs, params),
      normed.shape,
    );
  };
  const dropped = (layer: string, x: ValueType) =>
    dropping ? apply(layer, callOf(dropout, { x }, dropping), x.shape) : x;
  const sum = (layer: string, a: ValueType, b: ValueType) => {
    const call = callOf(add, { a, b: dropped(`${layer}.dropout`, b) }, {});
    return apply(layer, call, a.shape);
  };

  const table = weight('model.embed_tokens.weight');
  let x = apply('model.embed_tokens', callOf(embedding, { weight: table, ids }, {}), [
    ...batch,
    hidden,
  ]);
  for (let i = 0; i < layers; i++) {
    const at = (module: string) => `model.layers.${i}.${module}`;
    const normed = norm(at('input_layernorm'), x);
    const q = rotated(at('self_attn'), 'q', normed, heads);
    const k = rotated(at('self_attn'), 'k', normed, kv_heads);
    const v = linear(at('self_attn.v_proj'), normed);
    const isNear = config.sliding_window?.layers.includes(i);
    const mask = isNear ? (inWindow ?? inText) : inText;
    const params = { causal: true, scale: 1 / Math.sqrt(head_dim), heads, kv_heads };
    const attended = apply(
      at('self_attn'),
      callOf(scaledDotProductAttention, { q, k, v, mask }, params),
      q.shape,
    );
    x = sum(at('self_attn.residual'), x, linear(at('self_attn.o_proj'), attended));
    const inner = norm(at('post_attention_layernorm'), x);
    const projected = linear(at('mlp.gate_proj'), inner);
    const gate = apply(at('mlp.act_fn'), callOf(silu, { x: projected }, {}), projected.shape);
    const up = linear(at('mlp.up_proj'), inner);
    const gated = apply(at('mlp'), callOf(mul, { a: gate, b: up }, {}), gate.shape);
    x = sum(at('mlp.residual'), x, linear(at('mlp.down_proj'), gated));
  }
  const last = norm('model.norm', x);
  const logits = config.tie_word_embeddings
    ? apply('lm_head', callOf(matmul, { a: last, b: table }, { transpose_b: true }), [
        ...batch,
        table.shape[0] as number,
      ])
    : linear('lm_head', last);
  if (endsInLogits) return author.build({ logits });
  const loss = apply(
    'loss',
    callOf(crossEntropy, { logits, labels }, { shift: true }),
    [1],
    'loss',
  );
  return author.build({ logits, loss });
}

/** What the graph reads beside its inputs: weights, each part of a quantized one, tables, masks. */
export function constantsOf({ config, weights, batch, isPacked, together }: Llama): Values {
  const places = isPacked
    ? {}
    : { ...rotations(config, batch, { together }), ...windows(config, batch) };
  return { ...tensorsOf(weights), ...places };
}

/**
 * What the graph of packed texts reads beside tokens: tables of positions that start anew with each
 * run of one number in `documents` [B, S], and what is seen of such a run, u8 [B, 1, S, S].
 */
export function packedInputs(config: LlamaConfig, documents: Value): Values {
  const { shape, data } = documents;
  const [batch, length] = shape as [number, number];
  const starts = data.map((_, i) => {
    let start = i;
    while (start % length > 0 && data[start - 1] === data[i]) start--;
    return start;
  });
  const seen = (tokens: number): Value => {
    const square = new Float64Array(batch * length * length);
    for (const [query, start] of starts.entries())
      for (let key = Math.max(start, query - tokens + 1); key <= query; key++)
        square[query * length + (key % length)] = 1;
    return { dtype: 'u8', shape: [batch, 1, length, length], data: square };
  };
  const window = isHidden(config, length) ? (config.sliding_window as SlidingWindow) : undefined;
  return {
    ...rotations(config, shape, { positionOf: (i) => i - (starts[i] as number) }),
    ...(window ? maskOf(seen(window.tokens)) : {}),
    'documents.seen': seen(length),
  };
}

/** The tensors of a state dict; of a quantized weight each part. */
function tensorsOf<T extends object>(weights: StateDict<T>): Named<T> {
  return Object.fromEntries(
    Object.entries(weights).flatMap(([name, weight]) =>
      isQuantized(weight)
        ? Object.entries(weight.parts).map(([part, tensor]) => [`${name}.${part}`, tensor] as const)
        : [[name, weight] as const],
    ),
  );
}

/** Codes of quantized weights are bytes; all else is float32. */
function typesOf(weights: StateDict): StateDict<ValueType> {
  return mapped(weights, (weight) =>
    isQuantized(weight)
      ? withParts(weight, ({ shape }, part) =>
          typed(shape, part === weight.format.parts.codes ? 'u8' : 'f32'),
        )
      : typed(weight.shape),
  );
}

const tables = <T>(cos: T, sin: T) => ({ 'rotary.cos': cos, 'rotary.sin': sin });
const maskOf = <T>(seen: T) => ({ 'window.seen': seen });

/**
 * Tables of LlamaRotaryEmbedding, [B, S, head_dim / 2]: the same for every sequence of a batch, unless
 * tokens have other positions. Frequencies that depend on the length of a text are, of each token,
 * those of all that was read up to it and together with it.
 */
function rotations(
  config: LlamaConfig,
  batch: Shape,
  {
    positionOf = (token) => token % (batch[1] as number),
    together = batch[1] as number,
  }: {
    readonly positionOf?: (token: number) => number;
    readonly together?: number | undefined;
  },
): Values {
  const { hidden, heads, head_dim = hidden / heads, rope_scaling } = config;
  const pairs = head_dim / 2;
  const length = batch[1] as number;
  const rope = { ...config, head_dim };
  const shape = [...batch, pairs];
  const angles = new Float64Array(sizeOf(shape)).map((_, i) => {
    const token = Math.floor(i / pairs);
    const read = Math.max(together, (token % length) + 1);
    return positionOf(token) * frequencyOf(i % pairs, rope, read);
  });
  const factor = turnFactorOf(rope_scaling);
  const table = (f: (angle: number) => number): Value => ({
    shape,
    data: angles.map((angle) => factor * f(angle)),
  });
  return tables(table(Math.cos), table(Math.sin));
}

/** Whether a window hides some of the positions that come before. */
const isHidden = ({ sliding_window: window }: LlamaConfig, length: number): boolean =>
  window !== undefined && length > window.tokens;

/** 1 where a query, by row, sees a key: its own position, and those just before. */
function windows(config: LlamaConfig, batch: Shape): Values {
  const length = batch[1] as number;
  if (!isHidden(config, length)) return {};
  const { tokens } = config.sliding_window as SlidingWindow;
  const data = new Float64Array(length * length);
  for (let query = 0; query < length; query++)
    for (let key = Math.max(0, query - tokens + 1); key <= query; key++)
      data[query * length + key] = 1;
  return maskOf<Value>({ dtype: 'u8', shape: [length, length], data });
}
