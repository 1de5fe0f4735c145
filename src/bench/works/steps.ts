import { drawStep } from '../steps/draw.ts';
import { forwardFlops, SIDE } from '../steps/shapes.ts';
import type { Growth, StepOf, StepWork } from '../work.ts';

const MLP = { model: 'mlp', batch: 64, inputs: 784, hidden: 256, classes: 10 } as const;
const TRANSFORMER = {
  model: 'transformer',
  ...{ batch: 4, tokens: 128, width: 256, heads: 4, blocks: 2, vocabulary: 256 },
} as const;
const RESNET = { model: 'resnet18', batch: 2, classes: 10 } as const;
const LLAMA = {
  model: 'llama-lora',
  ...{ batch: 2, tokens: 64, width: 256, intermediate: 688, layers: 2, heads: 4 },
  ...{ vocabulary: 512, rank: 8 },
} as const;

/** A base as wide as a small model has it, all of whose linears have adapters. */
export const WIDE = {
  ...LLAMA,
  ...{ batch: 1, width: 512, intermediate: 1408, heads: 8 },
  adapted: 'all-linear',
} as const;
/** 110 million parameters, 85 of them in codes. */
const LARGE = {
  ...WIDE,
  ...{ tokens: 128, width: 768, intermediate: 2048, layers: 12, heads: 12, vocabulary: 16_384 },
  base: 'nf4',
} as const;

/** What products are stored in, or the linears of a base that stays. */
function dtypeOf(step: StepOf): string {
  if (step.model === 'transformer') return step.storage ?? 'f32';
  return (step.model === 'llama-lora' && step.base) || 'f32';
}

/** A training step at other sizes than those of the table, too. */
export function stepWork(
  step: StepOf,
  sizes: Readonly<Record<string, string | number>>,
  more: Partial<
    Pick<
      StepWork,
      'group' | 'quick' | 'isOurs' | 'growth' | 'judgedSteps' | 'run' | 'timed' | 'inFloats'
    >
  > = {},
): StepWork {
  const dtype = dtypeOf(step);
  const words = Object.entries(sizes).map(([name, value]) => `;${name}=${value}`);
  return {
    kind: 'step',
    id: `bench.${step.model}-${more.timed ?? 'step'}:${dtype}${words.join('')}`,
    group: 'steps',
    quick: false,
    step,
    flops: more.timed ? 0 : 3 * forwardFlops(step),
    bytes: { read: 0, written: 0 },
    draw: (random) => drawStep(random, step),
    ...more,
  };
}

const grown = (of: 'batch' | 'hidden', size: number): Growth => ({ of: `mlp ${of}`, size });

/** The perceptron at another batch or width; at the usual ones it is the step of the table. */
function perceptron(of: 'batch' | 'hidden', size: number): StepWork {
  const step = { ...MLP, [of]: size };
  const growth = [grown(of, size)];
  const { batch, hidden } = step;
  return stepWork(step, { batch, hidden }, { group: 'growth', growth });
}

/** LoRA over a base in float32 and in NF4: what decoding costs a step. */
function tuned(tokens: number): readonly StepWork[] {
  const step = { ...WIDE, tokens };
  const { batch, width } = step;
  const sizes = { batch, tokens, width };
  const more = { group: 'fine-tuning', isOurs: true } as const;
  const plain = stepWork(step, sizes, more);
  return [plain, stepWork({ ...step, base: 'nf4' }, sizes, { ...more, inFloats: plain.id })];
}

/** A checkpoint of what a step trains, and going on from it. */
function kept(step: StepOf, sizes: Readonly<Record<string, string | number>>): readonly StepWork[] {
  const more = { group: 'checkpoints' } as const;
  return [
    stepWork(step, sizes, { ...more, timed: 'checkpoint' }),
    stepWork(step, sizes, { ...more, timed: 'resume' }),
  ];
}

const { batch, tokens, width } = TRANSFORMER;
const transformer = stepWork(TRANSFORMER, { batch, tokens, width });

/**
 * Training steps, the transformer's in halves too and a Llama's over codes, and how the perceptron's
 * time grows.
 */
export const works: readonly StepWork[] = [
  stepWork(
    MLP,
    { batch: MLP.batch, hidden: MLP.hidden },
    { quick: true, growth: [grown('batch', MLP.batch), grown('hidden', MLP.hidden)] },
  ),
  transformer,
  stepWork(RESNET, { batch: RESNET.batch, side: SIDE }),
  stepWork(LLAMA, { batch: LLAMA.batch, tokens: LLAMA.tokens, width: LLAMA.width }),
  stepWork(
    { ...TRANSFORMER, storage: 'f16' },
    { batch, tokens, width },
    {
      ...{ group: 'halves', isOurs: true, inFloats: transformer.id },
    },
  ),
  ...tuned(64),
  ...tuned(512),
  stepWork(
    LARGE,
    { batch: LARGE.batch, tokens: LARGE.tokens, width: LARGE.width, layers: LARGE.layers },
    {
      ...{ group: 'fine-tuning', isOurs: true, judgedSteps: 1 },
      run: { steps: 20, peakBytes: 350e6 },
    },
  ),
  ...kept(MLP, { batch: MLP.batch, hidden: MLP.hidden }),
  ...kept(TRANSFORMER, { batch, tokens, width }),
  ...kept(RESNET, { batch: RESNET.batch, side: SIDE }),
  ...kept(LLAMA, { batch: LLAMA.batch, tokens: LLAMA.tokens, width: LLAMA.width }),
  ...[16, 32, 128, 256].map((size) => perceptron('batch', size)),
  ...[64, 128, 512, 1024].map((size) => perceptron('hidden', size)),
];
