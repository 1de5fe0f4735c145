import type { Examples } from '../../../src/data/examples.ts';
import { type Initial, initialLinear } from '../../../src/models/initial.ts';
import type { LlamaConfig } from '../../../src/models/llama/config.ts';
import { initialLlama } from '../../../src/models/llama/initial.ts';
import { constantsOf, llamaGraph } from '../../../src/reference/llama/model.ts';
import { hostTensorFrom } from '../../../src/tensor/host.ts';
import type { Random } from '../../../src/tensor/random.ts';
import type { Shape } from '../../../src/tensor/shape.ts';
import { assembled, inFourBits } from './four-bit.ts';
import { NONE, PARTS } from './parts.ts';
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
  /** The embeddings, of those that transformers draws. Default 1. */
  readonly embeddings?: number;
}

const CONFIG: LlamaConfig = {
  hidden: 8,
  layers: 1,
  heads: 2,
  kv_heads: 1,
  rms_eps: 1e-5,
  rope_theta: 100,
  length: 6,
};
const VOCAB = 11;
const INTERMEDIATE = 12;
const TEXTS = 2;
const HEAD_DEVIATION = 0.5;
const EMBEDDINGS = 'model.embed_tokens.weight';
const QUERIES = { 'model.layers.0.self_attn.q_proj.weight': [CONFIG.hidden, CONFIG.hidden] };
const DOWN = { 'model.layers.0.mlp.down_proj.weight': [CONFIG.hidden, INTERMEDIATE] };

/** Parameters of every adapter. */
export const ADAPTER = { r: 2, alpha: 3 } as const;

/** Every Llama that is trained, by the name of its setting. */
export const LLAMAS = {
  llama: { config: CONFIG },
  // The eps that transformers' LlamaConfig has by default, and embeddings of such a variance.
  'llama-small': { config: { ...CONFIG, rms_eps: 1e-6 }, embeddings: 0.05 },
  'llama-tied': { config: { ...CONFIG, tie_word_embeddings: true } },
  lora: { config: CONFIG, adapted: QUERIES },
  qlora: { config: CONFIG, adapted: { ...QUERIES, ...DOWN }, fourBit: true },
} as const satisfies Readonly<Record<string, LlamaVariant>>;

/** Texts without a rule; of each part another number of labels asks nothing. */
function drawTexts(_step: number, random: Random): readonly Examples[] {
  const { length } = CONFIG;
  const shape = [TEXTS, length];
  return Array.from({ length: PARTS }, (_, part) => {
    const ids = random.fill(TEXTS * length, () => random.integer(1, VOCAB - 1));
    const labels = ids.map((id, i) => (i % length > 1 + 2 * part ? NONE : id));
    return {
      inputs: { ids: hostTensorFrom('i32', shape, ids) },
      labels: hostTensorFrom('i32', shape, labels),
    };
  });
}

/** Three micro-batches a step, under a scaled loss. */
export function llamaSetting(variant: LlamaVariant): Setting {
  const { config, adapted = {} } = variant;
  const adapter = Object.keys(adapted).length > 0 ? ADAPTER : undefined;
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

function initialOf(
  { config, adapted = {}, fourBit = false, embeddings = 1 }: LlamaVariant,
  random: Random,
): Initial {
  const sizes = { ...config, vocab: VOCAB, intermediate: INTERMEDIATE };
  const drawn = initialLlama(sizes, random, HEAD_DEVIATION);
  const adapters = Object.entries(adapted).flatMap(([name, shape]) =>
    adapterOf(name, shape, random),
  );
  const base = scaledWeights(drawn, embeddings, EMBEDDINGS);
  return [...(fourBit ? inFourBits(base, Object.keys(adapted), random) : base), ...adapters];
}

/** A and B of a linear, both drawn: an adapter that has learnt something. */
function adapterOf(weight: string, [out, features]: Shape, random: Random): Initial {
  const { r } = ADAPTER;
  const drawn = [
    ...initialLinear('lora_A', [r, features as number], random, false),
    ...initialLinear('lora_B', [out as number, r], random, false),
  ];
  const linear = weight.replace('.weight', '');
  return drawn.map(([name, value]) => [`${linear}.${name.replace('.weight', '')}`, value]);
}

/** Whether a weight is part of an adapter, and so not frozen. */
const isOfAdapter = (name: string): boolean => name.includes('.lora_');
