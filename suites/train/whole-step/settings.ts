import type { Examples } from '../../../src/data/examples.ts';
import { drawMajorities, MAJORITY_TOKENS } from '../../../src/data/majorities.ts';
import { type Initial, initialLinear } from '../../../src/models/initial.ts';
import { initialLlama } from '../../../src/models/llama/initial.ts';
import { initialMlp } from '../../../src/models/mlp/initial.ts';
import { initialSequenceClassifier } from '../../../src/models/sequence-classifier/initial.ts';
import { constantsOf, llamaGraph } from '../../../src/reference/llama/model.ts';
import { type HalfType, typesOf } from '../../../src/reference/networks/author.ts';
import { mlpGraph } from '../../../src/reference/networks/mlp.ts';
import { sequenceClassifierGraph } from '../../../src/reference/networks/sequence-classifier.ts';
import type { Recipe } from '../../../src/reference/step/state.ts';
import { hostTensorFrom } from '../../../src/tensor/host.ts';
import type { Random } from '../../../src/tensor/random.ts';
import type { Setting } from './setting.ts';

export const MLP = { inFeatures: 7, hidden: 5, classes: 3 } as const;
const POINTS = 5;
/** Micro-batches of a step, where there are several. */
export const PARTS = 3;
/** A label that asks nothing. */
const NONE = -100;
/** The step whose inputs float16 does not hold. */
const OVERFLOWS = 2;
const BEYOND = 1e6;

function drawPoints(step: number, random: Random): readonly Examples[] {
  const { inFeatures, classes } = MLP;
  const size = step === OVERFLOWS ? BEYOND : 1;
  const x = random.fill(POINTS * inFeatures, () => size * random.normal());
  const labels = random.fill(POINTS, () => random.integer(0, classes - 1));
  return [
    {
      inputs: { x: hostTensorFrom('f32', [POINTS, inFeatures], x) },
      labels: hostTensorFrom('i32', [POINTS], labels),
    },
  ];
}

const MOMENTUM: Recipe = {
  optimizer: {
    optimizer: 'sgd',
    lr: 0.2,
    momentum: 0.9,
    dampening: 0.25,
    weight_decay: 0.01,
    nesterov: false,
  },
  schedule: { name: 'cosine', warmup: 1, total: 6, num_cycles: 0.5 },
  clip: Number.POSITIVE_INFINITY,
};

const ACCUMULATED: Recipe = {
  optimizer: {
    optimizer: 'adam',
    lr: 0.01,
    betas: [0.9, 0.99],
    eps: 1e-8,
    weight_decay: 0.1,
    bias_correction: true,
  },
  schedule: { name: 'constant', warmup: 3 },
  clip: 1000,
  scaler: { init_scale: 512, growth_factor: 2, backoff_factor: 0.5, growth_interval: 3 },
};

/**
 * A perceptron with products in halves under AdamW. With float16 the second step overflows, one
 * step after the scale was set, and the scale grows again after the fourth.
 */
function mixed(autocast: HalfType): Setting {
  const isNarrow = autocast === 'float16';
  return {
    initial: (random) => initialMlp(MLP, random),
    network: (weights) => ({
      graph: mlpGraph(typesOf(weights), POINTS, { autocast }),
      constants: {},
    }),
    recipe: {
      optimizer: {
        optimizer: 'adamw',
        lr: 0.01,
        betas: [0.9, 0.999],
        eps: 1e-8,
        weight_decay: 0.01,
        bias_correction: true,
      },
      schedule: { name: 'linear', warmup: 2, total: 5 },
      clip: 0.01,
      scaler: { init_scale: 1024, growth_factor: 2, backoff_factor: 0.5, growth_interval: 2 },
    },
    draw: isNarrow ? drawPoints : (_, random) => drawPoints(1, random),
    products: isNarrow ? 'f16' : 'bf16',
    ...(isNarrow ? { overflows: OVERFLOWS } : {}),
  };
}

/** Probability of both dropouts of the perceptron. */
export const P = 0.3;

/** A perceptron that drops out, under SGD with momentum, without clipping. */
const dropout: Setting = {
  initial: (random) => initialMlp(MLP, random),
  network: (weights, seed) => ({
    graph: mlpGraph(typesOf(weights), POINTS, { dropout: { p: P, seed } }),
    constants: {},
  }),
  recipe: MOMENTUM,
  draw: (_, random) => drawPoints(1, random),
  products: 'f32',
};

/** Points, some of them without a question: in each micro-batch another number. */
function drawParts(_step: number, random: Random): readonly Examples[] {
  return Array.from({ length: PARTS }, (_, part) => {
    const [{ inputs, labels }] = drawPoints(1, random) as [Examples];
    const asked = [...labels.data].map((label, i) => (i > 2 * part ? NONE : label));
    return { inputs, labels: hostTensorFrom('i32', labels.shape, asked) };
  });
}

/** The same in three micro-batches a step, under a scaled loss and Adam. */
const accumulated: Setting = { ...dropout, recipe: ACCUMULATED, draw: drawParts };

export const CLASSIFIER = {
  vocab: MAJORITY_TOKENS,
  heads: 2,
  headDim: 3,
  classes: 2,
  dropout: 0.3,
} as const;
const SEQUENCES = 3;
const TOKENS = 8;

/** An encoder that drops out. */
const encoder: Setting = {
  initial: (random) => initialSequenceClassifier(CLASSIFIER, random),
  network: (weights, seed) => ({
    graph: sequenceClassifierGraph(typesOf(weights), {
      heads: CLASSIFIER.heads,
      p: CLASSIFIER.dropout,
      seed,
      batch: [SEQUENCES, TOKENS],
    }),
    constants: {},
  }),
  recipe: MOMENTUM,
  draw: (_, random) => [drawMajorities(SEQUENCES, random)],
  products: 'f32',
};

export const LLAMA = {
  hidden: 8,
  layers: 1,
  heads: 2,
  kv_heads: 1,
  rms_eps: 1e-5,
  rope_theta: 100,
  length: 6,
} as const;
const VOCAB = 11;
const INTERMEDIATE = 12;
const TEXTS = 2;

/** Texts without a rule; of each part another number of labels asks nothing. */
function drawTexts(_step: number, random: Random): readonly Examples[] {
  const shape = [TEXTS, LLAMA.length];
  return Array.from({ length: PARTS }, (_, part) => {
    const ids = random.fill(TEXTS * LLAMA.length, () => random.integer(1, VOCAB - 1));
    const labels = ids.map((id, i) => (i % LLAMA.length > 1 + 2 * part ? NONE : id));
    return {
      inputs: { ids: hostTensorFrom('i32', shape, ids) },
      labels: hostTensorFrom('i32', shape, labels),
    };
  });
}

export const ADAPTER = { r: 2, alpha: 3 } as const;
const QUERIES = 'model.layers.0.self_attn.q_proj';
const HEAD_DEVIATION = 0.5;

/** Three micro-batches a step, under a scaled loss: of a whole Llama, or of an adapter. */
function llama(adapter?: typeof ADAPTER): Setting {
  const sizes = { ...LLAMA, vocab: VOCAB, intermediate: INTERMEDIATE };
  const batch = [TEXTS, LLAMA.length];
  return {
    initial: (random) => [
      ...initialLlama(sizes, random, HEAD_DEVIATION),
      ...(adapter ? adapterOf(QUERIES, adapter.r, random) : []),
    ],
    ...(adapter ? { trains: isOfAdapter } : {}),
    network: (weights) => {
      const model = { config: LLAMA, adapter, weights, batch };
      return { graph: llamaGraph(model), constants: constantsOf(model), shift: true };
    },
    recipe: ACCUMULATED,
    draw: drawTexts,
    products: 'f32',
  };
}

/** A and B of a linear, both drawn: an adapter that has learnt something. */
function adapterOf(linear: string, r: number, random: Random): Initial {
  const { hidden } = LLAMA;
  const drawn = [
    ...initialLinear('lora_A', [r, hidden], random, false),
    ...initialLinear('lora_B', [hidden, r], random, false),
  ];
  return drawn.map(([name, value]) => [`${linear}.${name.replace('.weight', '')}`, value]);
}

/** Whether a weight is part of an adapter, and so not frozen. */
const isOfAdapter = (name: string): boolean => name.includes('.lora_');

/** Every setting, by name. */
export const SETTINGS = {
  float16: mixed('float16'),
  bfloat16: mixed('bfloat16'),
  dropout,
  accumulated,
  encoder,
  llama: llama(),
  lora: llama(ADAPTER),
} as const;
