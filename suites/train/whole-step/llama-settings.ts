import type { Examples } from '../../../src/data/examples.ts';
import { type Initial, initialLinear } from '../../../src/models/initial.ts';
import type { LlamaConfig } from '../../../src/models/llama/config.ts';
import { initialLlama } from '../../../src/models/llama/initial.ts';
import type { LlamaWeights } from '../../../src/models/llama/llama.ts';
import { constantsOf, llamaGraph } from '../../../src/reference/llama/model.ts';
import { hostTensorFrom } from '../../../src/tensor/host.ts';
import type { Random } from '../../../src/tensor/random.ts';
import type { Shape } from '../../../src/tensor/shape.ts';
import { IGNORED } from '../../../src/vocabulary/nn/loss.ts';
import { assembled, inFourBits } from './four-bit.ts';
import { PARTS } from './parts.ts';
import { ACCUMULATED } from './recipes.ts';
import type { Setting } from './setting.ts';
import { scaledWeights } from './small.ts';

/** A Llama, and what of it is trained: all, or adapters of linears. */
export interface LlamaVariant {
  readonly config: LlamaConfig;
  /** Weights [out, in] that have an adapter, and are frozen like all else. */
  readonly adapted?: Readonly<Record<string, Shape>>;
  /** Whether those weights are in 4 bits. */
  readonly fourBit?: boolean;
  /** Whether the adapters decompose the weight, and so have a magnitude for each row of it. */
  readonly dora?: boolean;
  /** The embeddings, of those that transformers draws. Default 1. */
  readonly embeddings?: number;
  /** The weight of the last norm. Default 1. */
  readonly lastNorm?: number;
  /** Linears that have a bias, with its size. */
  readonly biased?: Readonly<Record<string, number>>;
}

/** The smallest Llama in which every part is there. */
export const CONFIG: LlamaConfig = {
  hidden: 8,
  layers: 1,
  heads: 2,
  kv_heads: 1,
  rms_eps: 1e-5,
  rope_theta: 100,
  length: 6,
};
export const VOCAB = 11;
export const INTERMEDIATE = 12;
/** Texts of a micro-batch. */
export const TEXTS = 2;
const HEAD_DEVIATION = 0.5;
const EMBEDDINGS = 'model.embed_tokens.weight';
const QUERIES = { 'model.layers.0.self_attn.q_proj.weight': [CONFIG.hidden, CONFIG.hidden] };
const DOWN = { 'model.layers.0.mlp.down_proj.weight': [CONFIG.hidden, INTERMEDIATE] };

/** Weights that adapters may have. */
export const ADAPTED = { ...QUERIES, ...DOWN };

/** Rank of every adapter. */
const RANK = 2;

/** Parameters of a variant's adapters; none where it has no adapter. */
export function adapterOf({ adapted = {}, dora = false }: LlamaVariant): LlamaWeights['adapter'] {
  if (Object.keys(adapted).length === 0) return undefined;
  return { r: RANK, alpha: 3, ...(dora ? { use_dora: true } : {}) };
}

/** All that is in Qwen2, Qwen3 or Mistral and not in a plain Llama. */
const FAMILIES: LlamaVariant = {
  config: {
    ...CONFIG,
    head_dim: 6,
    qk_norm: true,
    rope_scaling: {
      rope_type: 'yarn',
      ...{ factor: 4, attention_factor: 1.25, beta_fast: 1, beta_slow: 0.25, truncate: false },
      original_max_position_embeddings: 6,
    },
    sliding_window: { tokens: 3, layers: [0] },
  },
  biased: { 'self_attn.q_proj': 12, 'self_attn.v_proj': 6, 'mlp.down_proj': CONFIG.hidden },
};

/** Every Llama that is trained, by the name of its setting. */
export const LLAMAS = {
  llama: { config: CONFIG },
  // The eps that transformers' LlamaConfig has by default, and embeddings of such a variance.
  'llama-small': { config: { ...CONFIG, rms_eps: 1e-6 }, embeddings: 0.05 },
  'llama-families': FAMILIES,
  'llama-tied': { config: { ...CONFIG, tie_word_embeddings: true } },
  lora: { config: CONFIG, adapted: QUERIES },
  qlora: { config: CONFIG, adapted: ADAPTED, fourBit: true },
  dora: { config: CONFIG, adapted: ADAPTED, dora: true },
  qdora: { config: CONFIG, adapted: DOWN, fourBit: true, dora: true },
} as const satisfies Readonly<Record<string, LlamaVariant>>;

/** Texts without a rule; the labels behind the first few ask nothing. */
export function drawPart(
  [texts, length]: readonly [number, number],
  asked: number,
  random: Random,
) {
  const shape = [texts, length];
  const ids = random.fill(texts * length, () => random.integer(1, VOCAB - 1));
  const labels = ids.map((id, i) => (i % length >= asked ? IGNORED : id));
  return {
    inputs: { ids: hostTensorFrom('i32', shape, ids) },
    labels: hostTensorFrom('i32', shape, labels),
  };
}

/** Of each part another number of labels asks nothing. */
function drawTexts(_step: number, random: Random): readonly Examples[] {
  return Array.from({ length: PARTS }, (_, part) =>
    drawPart([TEXTS, CONFIG.length], 2 + 2 * part, random),
  );
}

/** Three micro-batches a step, under a scaled loss. */
export function llamaSetting(variant: LlamaVariant): Setting {
  const { config, adapted = {} } = variant;
  const adapter = adapterOf(variant);
  const batch = [TEXTS, config.length];
  return {
    initial: (random) => initialOf(variant, random),
    ...(adapter ? { trains: isOfAdapter } : {}),
    network: (weights) => {
      const model = { config, adapter, weights: assembled(weights, adapted), batch };
      return { graph: llamaGraph(model), constants: constantsOf(model), shift: true };
    },
    recipe: ACCUMULATED,
    draw: drawTexts,
    products: 'f32',
  };
}

/** Texts of two or three, of four or six tokens: as many tokens in each part, or not. */
const SHAPES: readonly (readonly (readonly [number, number])[])[] = [
  [
    [2, 6],
    [3, 4],
  ],
  [
    [3, 4],
    [2, 6],
  ],
  [
    [2, 6],
    [3, 4],
  ],
  [[2, 4]],
];

/** Texts of varying length in two micro-batches a step; the last step has one. */
export const variedTexts: Setting = {
  ...llamaSetting({ config: CONFIG }),
  network: (weights) => {
    const shaped = (batch: Shape) => {
      const model = { config: CONFIG, weights, batch };
      return { graph: llamaGraph(model), constants: constantsOf(model) };
    };
    const first = shaped([TEXTS, CONFIG.length]);
    return { ...first, shift: true, shapedAs: ({ ids }) => shaped(ids?.shape ?? []) };
  },
  draw: (step, random) =>
    (SHAPES[step - 1] ?? []).map((shape, part) => drawPart(shape, 2 + ((step + part) % 3), random)),
};

function initialOf(
  {
    config,
    adapted = {},
    fourBit,
    dora = false,
    embeddings = 1,
    lastNorm = 1,
    biased = {},
  }: LlamaVariant,
  random: Random,
): Initial {
  const sizes = { ...config, vocab: VOCAB, intermediate: INTERMEDIATE };
  const drawn = initialLlama(sizes, random, HEAD_DEVIATION);
  const adapters = Object.entries(adapted).flatMap(([name, shape]) => [
    ...lowRank(name, shape, random),
    ...(dora ? [magnitude(name, shape, random)] : []),
  ]);
  const raised = scaledWeights(drawn, lastNorm, 'model.norm.weight');
  const base = scaledWeights(raised, embeddings, EMBEDDINGS);
  const biases = Object.entries(biased).map(([name, size]) => biasOf(name, size, random));
  const weights = fourBit ? inFourBits(base, Object.keys(adapted), random) : base;
  return [...weights, ...biases, ...adapters];
}

/** A bias of a linear of the first block, in which no number is 0. */
function biasOf(name: string, size: number, random: Random): Initial[number] {
  const values = random.fill(size, () => random.uniform(0.25, 0.75));
  return [`model.layers.0.${name}.bias`, hostTensorFrom('f32', [size], values)];
}

/** A and B of a linear, both drawn: an adapter that has learnt something. */
function lowRank(weight: string, [out, features]: Shape, random: Random): Initial {
  const drawn = [
    ...initialLinear('lora_A', [RANK, features as number], random, false),
    ...initialLinear('lora_B', [out as number, RANK], random, false),
  ];
  const linear = weight.replace('.weight', '');
  return drawn.map(([name, value]) => [`${linear}.${name.replace('.weight', '')}`, value]);
}

/** Magnitudes of a weight's rows that are not their lengths. */
function magnitude(weight: string, [out]: Shape, random: Random): Initial[number] {
  const rows = [out as number];
  const values = random.fill(out as number, () => random.uniform(0.5, 1.5));
  return [weight.replace('.weight', '.magnitude'), hostTensorFrom('f32', rows, values)];
}

/** Whether a weight is part of an adapter, and so not frozen. */
const isOfAdapter = (name: string): boolean => /\.(lora_[AB]|magnitude)$/.test(name);
