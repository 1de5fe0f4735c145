import type { Examples } from '../../src/data/examples.ts';
import { DataLoader } from '../../src/data/loader.ts';
import { collateTexts, randomTexts } from '../../src/data/sequences.ts';
import { memoryTracker } from '../../src/gpu/memory-tracker.ts';
import type { Llama } from '../../src/models/llama/llama.ts';
import type { Value, Values } from '../../src/reference/record.ts';
import { valuesOf } from '../../src/tensor/host.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { judgeApplications } from '../../src/testing/judge-step.ts';
import { suite } from '../../src/testing/suite.ts';
import { accumulate } from '../../src/train/accumulation.ts';
import { runMiniTraining } from '../../src/train/mini-training.ts';
import { Optimizer } from '../../src/train/optimizer.ts';
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

async function gradientsOf(t: CaseContext, model: Llama, size: number): Promise<Values> {
  const { gradients } = await accumulate(t.gpu, model, texts(t, size), { shift: true });
  using sum = gradients;
  const values: Record<string, Value> = {};
  for (const name of model.parameters.names) {
    const host = await sum.gradients.get(model.parameters.view(name))?.read();
    if (host) values[name] = { shape: host.shape, data: valuesOf(host) };
  }
  return values;
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
    .control(control, (fault) =>
      fault.host('train.share_of', (original) => (asked, all) => {
        // The whole batch is one part and weighs 1.
        return asked === all ? original(asked, all) : factor();
      }),
    )
    .run(async (t) => {
      using model = tinyTransformer(t, SIZES);
      const whole = await gradientsOf(t, model, 4);
      const parts = await gradientsOf(t, model, 1);
      expectTensors(t, parts, whole, GRADIENT_LIMIT);
    });
}

const ADAMW = { optimizer: 'adamw', lr: 0.01 } as const;

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
      const { gradients } = await accumulate(t.gpu, model, parts, { shift: true });
      using sum = gradients;
      optimizer.advance();
      await optimizer.judgedUpdate(
        sum.gradients,
        async (applications) => void (await judgeApplications(t, step, applications)),
      );
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
      const { gradients } = await accumulate(t.gpu, model, texts(t, size), { shift: true });
      gradients[Symbol.dispose]();
      return tracker.stats.totalUsedBytes;
    };
    const whole = await peakOf(4);
    const parts = await peakOf(1);
    t.metric('wholeBytes', whole);
    t.metric('partsBytes', parts);
    t.expect(parts <= 0.35 * whole, () => `${parts} bytes are ${parts / whole} of ${whole}`);
  });
