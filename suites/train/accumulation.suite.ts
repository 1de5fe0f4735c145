import type { Examples } from '../../src/data/examples.ts';
import { DataLoader } from '../../src/data/loader.ts';
import { collateTexts, randomTexts } from '../../src/data/sequences.ts';
import { memoryTracker } from '../../src/gpu/memory-tracker.ts';
import type { Llama } from '../../src/models/llama/llama.ts';
import { record as adamwStep } from '../../src/reference/optim/adamw_step.ts';
import type { Acceptance, Value, Values } from '../../src/reference/record.ts';
import { valuesOfHosts } from '../../src/reference/values.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { Passes } from '../../src/train/loop/passes.ts';
import { StepInputs } from '../../src/train/loop/step-inputs.ts';
import { runMiniTraining } from '../../src/train/mini-training.ts';
import { Optimizer } from '../../src/train/optimizer.ts';
import { batchGradients, gradientsByName } from './batch-gradients.ts';
import { expectTensors } from './float64.ts';
import { GRADIENT_LIMIT } from './limits.ts';
import { SEQ_LENGTH, tinyTransformer } from './tiny-texts.ts';

export const accumulation = suite('train.accumulation', {
  description: 'A batch of four texts in one pass, and in four of one text each',
});

const SIZES = { vocab: 24, hidden: 16, intermediate: 24, heads: 2, kv_heads: 1 };

/** Texts of 32 tokens, in parts of `size`. Of two texts the end is padding: parts weigh unlike. */
function texts(t: CaseContext, size: number, count = 4): readonly Examples[] {
  const options = { length: count, seqLength: SEQ_LENGTH, vocab: SIZES.vocab, seed: t.seed };
  const whole = randomTexts(options);
  const padded = {
    length: count,
    item: (i: number) =>
      whole.item(i).map((token, at) => (i % 2 === 1 && at > 10 * (i % 4) ? 0 : token)),
  };
  return [...new DataLoader(padded, collateTexts, { batchSize: size }).epoch(0)];
}

/** Forward and backward of the parts of a batch, which has their gradients. */
function accumulate(t: CaseContext, model: Llama, parts: readonly Examples[]): Passes {
  using inputs = new StepInputs(t.gpu, parts, { shift: true });
  const passes = new Passes(t.gpu, model, parts.length, { shift: true });
  for (const part of inputs.parts) {
    passes.begin(part);
    passes.end();
  }
  return passes;
}

for (const [name, clause, desc, control, factor] of [
  [
    'gradient',
    'accumulated-gradient',
    'Four gradients of one text each, weighted by its labels, sum to that of all four, within 1e-4 of each tensor’s largest element.',
    'every text weighs alike',
    () => 0.25,
  ],
  [
    'dropped-scale',
    'dropped-scale-fails',
    'The same demand, with the weight of each part left out in the control.',
    'no weights',
    () => 1,
  ],
] as const) {
  accumulation
    .case(name)
    .tier('full')
    .timeout(120_000)
    .covers(`fsdp.training.gradient-accumulation/${clause}`)
    .desc(desc)
    .control(control, (fault) => fault.host('train.share_of', () => factor))
    .run(async (t) => {
      using model = tinyTransformer(t, SIZES);
      // Of all four texts at once, where nothing is weighted.
      const whole = await batchGradients(t, model, texts(t, 4)[0] as Examples);
      using sum = accumulate(t, model, texts(t, 1));
      expectTensors(t, await gradientsByName(t, model, sum.gradients), whole, GRADIENT_LIMIT);
    });
}

const ADAMW = { optimizer: 'adamw', lr: 0.01 } as const;
/** The same with torch's defaults. */
const HYPERPARAMETERS = {
  lr: ADAMW.lr,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weight_decay: 1e-2,
  mode: 'adamw',
} as const;

/** What a step changes. */
const STATE = ['param', 'exp_avg', 'exp_avg_sq'] as const;

type State = Record<(typeof STATE)[number], Value>;

const stateOf = async (optimizer: Optimizer) =>
  valuesOfHosts((await optimizer.read()).tensors) as State;

/** Values of every parameter as one, where the optimizer has them. */
function flat({ parameters: { layout } }: Llama, values: Values): Value {
  const data = new Float64Array(layout.length);
  for (const [name, { offset }] of layout.entries) data.set((values[name] as Value).data, offset);
  return { shape: [layout.length], data };
}

accumulation
  .case('step', { texts: [1, 4] })
  .tier('full')
  .timeout(120_000)
  .covers('fsdp.training.gradient-accumulation/adamw-step-bound')
  .desc(
    'The AdamW step from the gradient of parts of so many texts is within the bound of one step from that gradient.',
  )
  .control('the second moment for the first', (fault) =>
    fault.launch('adamw_step.scalars', ([hyperparameters, step]) => [
      { ...hyperparameters, betas: hyperparameters.betas.toReversed() },
      step,
    ]),
  )
  .run(async (t) => {
    using model = tinyTransformer(t, SIZES);
    using optimizer = new Optimizer(t.gpu, model.parameters, ADAMW);
    const parts = texts(t, t.params.texts);
    for (const step of [1, 2]) {
      using sum = accumulate(t, model, parts);
      const grad = flat(model, await gradientsByName(t, model, sum.gradients));
      const inputs = { ...(await stateOf(optimizer)), grad };
      optimizer.advance();
      optimizer.update(sum.gradients);
      const after = await stateOf(optimizer);
      const params = { ...HYPERPARAMETERS, step };
      const oracle = adamwStep.forward(inputs, params);
      const arithmetic = { depth: () => 1, ieee: t.ieee };
      const accepted = adamwStep.acceptance(inputs, oracle, params, arithmetic);
      for (const name of STATE) {
        const expected = oracle[name] as Value;
        const acceptance = accepted[name] as Acceptance;
        t.expectAccepted(`${name} after step ${step}`, after[name], expected, acceptance);
      }
    }
  });

accumulation
  .case('step-counter')
  .tier('full')
  .timeout(120_000)
  .covers(
    'fsdp.training.gradient-accumulation/step-counter',
    'triton.training.gradient-accumulation/step-counter',
  )
  .desc('After eight texts, four to a step, the optimizer has counted two steps.')
  .control('a step for each text', (fault) =>
    fault.host(
      'train.grouped',
      () =>
        function* (batches: Iterable<Examples>) {
          for (const batch of batches) yield [batch];
        },
    ),
  )
  .run(async (t) => {
    using model = tinyTransformer(t, SIZES);
    using optimizer = new Optimizer(t.gpu, model.parameters, ADAMW);
    const losses = await runMiniTraining(t.gpu, model, texts(t, 1, 8), optimizer, undefined, {
      shift: true,
      accumulation: 4,
    });
    const { step } = await optimizer.read();
    t.expect(step === 2, () => `the optimizer counted ${step} steps`);
    t.expect(losses.length === 2, () => `${losses.length} losses were returned`);
  });

accumulation
  .case('peak')
  .tier('full')
  .timeout(120_000)
  .covers('fsdp.training.gradient-accumulation/activation-peak')
  .desc(
    'Forward and backward of one text after the other need at most 0.35 of the memory beside the gradients that all four at once need.',
  )
  .control('a batch that is not cut', (fault) => fault.host('data.cut', () => (order) => [order]))
  .run(async (t) => {
    using model = tinyTransformer(t, SIZES);
    const peakOf = async (size: number) => {
      const tracker = memoryTracker(t.gpu);
      await using _end = tracker;
      accumulate(t, model, texts(t, size))[Symbol.dispose]();
      return tracker.stats.totalUsedBytes;
    };
    const whole = await peakOf(4);
    const parts = await peakOf(1);
    t.metric('wholeBytes', whole);
    t.metric('partsBytes', parts);
    t.expect(
      parts > 0 && parts <= 0.35 * whole,
      () => `${parts} bytes are ${parts / whole} of ${whole}`,
    );
  });
