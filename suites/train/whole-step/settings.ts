import type { Examples } from '../../../src/data/examples.ts';
import { drawMajorities, MAJORITY_TOKENS } from '../../../src/data/majorities.ts';
import { mapped } from '../../../src/graph/call.ts';
import { initialMlp } from '../../../src/models/mlp/initial.ts';
import { initialSequenceClassifier } from '../../../src/models/sequence-classifier/initial.ts';
import { type HalfType, typesOf } from '../../../src/reference/networks/author.ts';
import { mlpGraph } from '../../../src/reference/networks/mlp.ts';
import { sequenceClassifierGraph } from '../../../src/reference/networks/sequence-classifier.ts';
import { hostTensorFrom } from '../../../src/tensor/host.ts';
import type { Random } from '../../../src/tensor/random.ts';
import { IGNORED } from '../../../src/vocabulary/nn/loss.ts';
import { convolutions, smallConvolutions } from './conv-settings.ts';
import { LLAMAS, llamaSetting, variedTexts } from './llama-settings.ts';
import { PARTS } from './parts.ts';
import { ACCUMULATED, MOMENTUM, SMALL_STEPS } from './recipes.ts';
import type { Setting } from './setting.ts';
import { SMALL, scaledWeights } from './small.ts';

export const MLP = { inFeatures: 7, hidden: 5, classes: 3 } as const;
/** Points of a batch. */
export const POINTS = 5;
/** The step whose inputs float16 does not hold. */
const OVERFLOWS = 2;
const BEYOND = 1e6;

function drawPoints(step: number, random: Random, count = POINTS): readonly [Examples] {
  const { inFeatures, classes } = MLP;
  const size = step === OVERFLOWS ? BEYOND : 1;
  const x = random.fill(count * inFeatures, () => size * random.normal());
  const labels = random.fill(count, () => random.integer(0, classes - 1));
  return [
    {
      inputs: { x: hostTensorFrom('f32', [count, inFeatures], x) },
      labels: hostTensorFrom('i32', [count], labels),
    },
  ];
}

/** Points without a rule; the labels behind the first few ask nothing. */
function drawPart(count: number, asked: number, random: Random): Examples {
  const [{ inputs, labels }] = drawPoints(1, random, count);
  const some = [...labels.data].map((label, i) => (i >= asked ? IGNORED : label));
  return { inputs, labels: hostTensorFrom('i32', labels.shape, some) };
}

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
  return Array.from({ length: PARTS }, (_, part) => drawPart(POINTS, 1 + 2 * part, random));
}

/** The same in three micro-batches a step, under a scaled loss and Adam. */
const accumulated: Setting = { ...dropout, recipe: ACCUMULATED, draw: drawParts };

/** The same where the second micro-batch of every step asks nothing. */
const emptyPart: Setting = {
  ...accumulated,
  draw: (_step, random) => [3, 0, POINTS].map((asked) => drawPart(POINTS, asked, random)),
};

/** Points of each micro-batch of each step; the last step has one micro-batch. */
const COUNTS = [[5, 3], [3, 5], [5, 3], [4]];

/** The same in micro-batches of varying size, with other shares of what is asked in each step. */
const varied: Setting = {
  ...accumulated,
  network: (weights, seed) => {
    const shaped = (count: number) => ({
      graph: mlpGraph(typesOf(weights), count, { dropout: { p: P, seed } }),
      constants: {},
    });
    return { ...shaped(POINTS), shapedAs: ({ x }) => shaped(x?.shape[0] as number) };
  },
  draw: (step, random) =>
    (COUNTS[step - 1] ?? []).map((count, part) => drawPart(count, 1 + ((step + part) % 3), random)),
};

/** Those whose micro-batches differ in shape. */
export const VARIED = { varied, 'varied-texts': variedTexts } as const;

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

/** The same where the variances behind both norms are of the order of their eps. */
const smallEncoder: Setting = {
  ...encoder,
  initial: (random) =>
    scaledWeights(
      encoder.initial(random),
      SMALL,
      'embeddings.weight',
      'out_proj.weight',
      'out_proj.bias',
    ),
  recipe: SMALL_STEPS,
};

/** Every setting, by name. */
export const SETTINGS = {
  float16: mixed('float16'),
  bfloat16: mixed('bfloat16'),
  dropout,
  accumulated,
  'empty-part': emptyPart,
  encoder,
  'encoder-small': smallEncoder,
  convolutions,
  'convolutions-small': smallConvolutions,
  ...mapped(LLAMAS, llamaSetting),
} as const;
