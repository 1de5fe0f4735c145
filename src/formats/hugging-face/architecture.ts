import { type Shape, sizeOf } from '../../tensor/shape.ts';

/** Families whose layers are those of the engine's `Llama`, as transformers calls them. */
export const FAMILIES = ['llama', 'mistral', 'qwen2', 'qwen3'] as const;
export type Family = (typeof FAMILIES)[number];

/** The numbers of a decoder-only language model that memory and work follow from. */
export interface Architecture {
  readonly family: Family;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  /** Heads of keys and values; they divide `heads`. */
  readonly kvHeads: number;
  /** Width of one head. */
  readonly headDim: number;
  /** Width of the feed-forward layer. */
  readonly intermediate: number;
  readonly vocabulary: number;
  /** Whether the head takes the table of the embeddings for its weight. */
  readonly tied: boolean;
  /** Tokens that it is made for. */
  readonly context: number;
  /** Whether q, k, v and o have biases, in Llama and Qwen3; Qwen2 has them in q, k and v always. */
  readonly attentionBias?: boolean;
  /** Whether the linears of a Llama's feed-forward layer have. */
  readonly mlpBias?: boolean;
}

/** The linears of a block by transformers' names, each [out, in]. */
export function linearsOf({
  hidden,
  intermediate,
  heads,
  kvHeads,
  headDim,
}: Architecture): Readonly<Record<string, Shape>> {
  const queries = heads * headDim;
  const keys = kvHeads * headDim;
  return {
    'self_attn.q_proj': [queries, hidden],
    'self_attn.k_proj': [keys, hidden],
    'self_attn.v_proj': [keys, hidden],
    'self_attn.o_proj': [hidden, queries],
    'mlp.gate_proj': [intermediate, hidden],
    'mlp.up_proj': [intermediate, hidden],
    'mlp.down_proj': [hidden, intermediate],
  };
}

/** The norms and biases of a block by transformers' names, without `.weight` and `.bias` in them. */
function vectorShapesOf(model: Architecture): ReadonlyMap<string, Shape> {
  const { family, hidden, headDim } = model;
  const biases = Object.entries(linearsOf(model)).filter(([name]) => hasBias(model, name));
  return new Map<string, Shape>([
    ['input_layernorm.weight', [hidden]],
    ['post_attention_layernorm.weight', [hidden]],
    ...['q_norm', 'k_norm']
      .filter(() => normsHeads(family))
      .map((name) => [`self_attn.${name}.weight`, [headDim]] as const),
    ...biases.map(([name, [outputs = 0]]) => [`${name}.bias`, [outputs]] as const),
  ]);
}

/** Whether queries and keys are normalized, head by head, before they rotate. */
export const normsHeads = (family: Family): boolean => family === 'qwen3';

function hasBias({ family, attentionBias, mlpBias }: Architecture, linear: string): boolean {
  if (linear.startsWith('mlp.')) return family === 'llama' && mlpBias === true;
  if (family === 'qwen2') return !linear.endsWith('o_proj');
  return family !== 'mistral' && attentionBias === true;
}

/** The weights of the linears of a block by transformers' names. */
const weightShapesOf = (model: Architecture): readonly (readonly [string, Shape])[] =>
  Object.entries(linearsOf(model)).map(([name, shape]) => [`${name}.weight`, shape]);

/** The shape of every tensor of a block by transformers' names, without that of the block. */
export const tensorShapesOfBlock = (model: Architecture): ReadonlyMap<string, Shape> =>
  new Map([...weightShapesOf(model), ...vectorShapesOf(model)]);

/** The tables of tokens by transformers' names; a tied head reads the embeddings'. */
export const EMBEDDINGS = 'model.embed_tokens.weight';
export const HEAD = 'lm_head.weight';

/** The shape of every tensor of a checkpoint by transformers' names; a tied head has none. */
export function tensorShapes(model: Architecture): ReadonlyMap<string, Shape> {
  const { layers, hidden, vocabulary, tied } = model;
  const inBlocks = (block: Iterable<readonly [string, Shape]>) =>
    Array.from({ length: layers }, (_, i) =>
      [...block].map(([name, shape]) => [`model.layers.${i}.${name}`, shape] as const),
    ).flat();
  return new Map<string, Shape>([
    [EMBEDDINGS, [vocabulary, hidden]],
    ...inBlocks(weightShapesOf(model)),
    ...inBlocks(vectorShapesOf(model)),
    ['model.norm.weight', [hidden]],
    ...(tied ? [] : [[HEAD, [vocabulary, hidden]] as const]),
  ]);
}

/** Numbers in the norms and biases of a block. */
export function vectorsOf(model: Architecture): number {
  return [...vectorShapesOf(model).values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
}

/** All numbers that the model learnt; a tied head is the table again. */
export function parametersOf(model: Architecture): number {
  const { layers, hidden, vocabulary, tied } = model;
  const weights = Object.values(linearsOf(model)).reduce((sum, shape) => sum + sizeOf(shape), 0);
  return (tied ? 1 : 2) * vocabulary * hidden + layers * (weights + vectorsOf(model)) + hidden;
}
