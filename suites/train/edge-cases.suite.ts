import { collateExamples, drawnDataset } from '../../src/data/drawn.ts';
import type { Examples } from '../../src/data/examples.ts';
import { limitedTexts } from '../../src/data/length-limit.ts';
import { DataLoader, type LoaderOptions } from '../../src/data/loader.ts';
import { collateTexts, randomTexts } from '../../src/data/sequences.ts';
import { drawSpirals } from '../../src/data/spirals.ts';
import { constantsOf, llamaGraph } from '../../src/reference/llama/model.ts';
import { typesOf } from '../../src/reference/networks/author.ts';
import { mlpGraph } from '../../src/reference/networks/mlp.ts';
import type { Values } from '../../src/reference/record.ts';
import type { Network } from '../../src/reference/step/gradients.ts';
import { trainingRun } from '../../src/reference/training-run.ts';
import { valuesOfHosts } from '../../src/reference/values.ts';
import { type HostTensor, type HostTensors, valuesOf } from '../../src/tensor/host.ts';
import { codeOf } from '../../src/testing/code-of.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { fitModel } from '../../src/train/fit.ts';
import { runMiniTraining } from '../../src/train/mini-training.ts';
import { Optimizer } from '../../src/train/optimizer.ts';
import { expectLosses } from './float64.ts';
import { STEP_LOSS_LIMIT } from './limits.ts';
import { spiralModel } from './spiral-run.ts';
import { SEQ_LENGTH, TINY_TRANSFORMER, tinyTransformer } from './tiny-texts.ts';

export const edgeCases = suite('train.edge-cases', {
  description: 'Batches of odd sizes, sets without items and texts of the longest length',
});

const COUNT = 100;

function loader(t: CaseContext, options: LoaderOptions, count = COUNT): DataLoader<Examples> {
  return new DataLoader(drawnDataset(drawSpirals, count, t.seed), collateExamples, options);
}

const sizesOf = (batches: Iterable<Examples>) =>
  [...batches].map(({ labels }) => labels.data.length);

/** Coordinates and labels of all items in order, as words. */
const itemsOf = (batches: Iterable<Examples>) =>
  [...batches].flatMap(({ inputs, labels }) => {
    const x = [...valuesOf(inputs['x'] as HostTensor)];
    return [...labels.data].map((label, i) => `${x[2 * i]} ${x[2 * i + 1]} ${label}`);
  });

edgeCases
  .case('batch-counts')
  .covers('tb.data.edge-cases/batch-counts', 'tb.data.edge-cases/batch-above-n')
  .desc(
    'Of 100 items batches of 1 are 100, of 32 are 4 with 4 in the last, of 15 are 7 with 10 in the last, and 6 where that is dropped; a batch above 100 is one with all. Each item is there once, in order.',
  )
  .control('what does not fill a batch is left out', (fault) =>
    fault.host('data.cut', (cut) => (order, batchSize) => cut(order, batchSize, true)),
  )
  .run(async (t) => {
    const rows: readonly (readonly [LoaderOptions, readonly number[]])[] = [
      [{ batchSize: 1 }, new Array<number>(COUNT).fill(1)],
      [{ batchSize: 32 }, [32, 32, 32, 4]],
      [{ batchSize: 15 }, [15, 15, 15, 15, 15, 15, 10]],
      [{ batchSize: 15, dropLast: true }, [15, 15, 15, 15, 15, 15]],
      [{ batchSize: 101 }, [100]],
      [{ batchSize: 1000 }, [100]],
    ];
    const set = drawnDataset(drawSpirals, COUNT, t.seed);
    const all = itemsOf(Array.from({ length: COUNT }, (_, i) => set.item(i)));
    t.expect(new Set(all).size === COUNT, () => 'items of the set are equal');
    for (const [options, wanted] of rows) {
      const batches = loader(t, options);
      const sizes = sizesOf(batches.epoch(0));
      t.expect(
        sizes.join() === wanted.join() && batches.batchCount === wanted.length,
        () => `${JSON.stringify(options)} gives ${sizes}`,
      );
      const items = itemsOf(batches.epoch(0));
      t.expect(
        items.join() === all.slice(0, items.length).join(),
        () => `${JSON.stringify(options)} gives other items, or in another order`,
      );
    }
  });

edgeCases
  .case('empty')
  .covers('tb.data.edge-cases/empty-dataset')
  .desc('A set without items gives no batch, and training on it is refused as empty-dataset.')
  .control('a batch of nothing', (fault) =>
    fault.host('data.cut', (cut) => (order, ...args) => [...cut(order, ...args), []]),
  )
  .run(async (t) => {
    const train = loader(t, { batchSize: 4 }, 0);
    t.expect(train.batchCount === 0, () => `${train.batchCount} batches of nothing`);
    t.expect([...train.epoch(0)].length === 0, () => 'a batch of nothing');
    using model = spiralModel(t);
    let code: unknown;
    try {
      const options = { epochs: 1, optimizer: { optimizer: 'sgd', lr: 1 } } as const;
      await fitModel(t.gpu, model, { train }, options);
    } catch (error) {
      code = codeOf(() => {
        throw error;
      });
    }
    t.expect(code === 'empty-dataset', () => `training on nothing gives ${code}`);
  });

/** Texts of so many tokens. */
const textsOf = (t: CaseContext, seqLength: number) =>
  randomTexts({ length: 4, seqLength, vocab: 24, seed: t.seed });

edgeCases
  .case('longest-text')
  .covers('tb.data.edge-cases/sequence-length-limit')
  .desc(
    'A text of the longest length is taken as it is; longer ones are refused as seq-too-long, and with truncation lose the tokens past it alone.',
  )
  .control('one token more is let through', (fault) =>
    fault.host(
      'data.within_length',
      (within) => (tokens, most, truncate) => within(tokens, most + 1, truncate),
    ),
  )
  .run(async (t) => {
    const whole = textsOf(t, SEQ_LENGTH);
    for (const truncate of [false, true]) {
      const taken = limitedTexts(whole, SEQ_LENGTH, truncate).item(2);
      t.expect(taken.join() === whole.item(2).join(), () => `the text became ${taken}`);
    }
    for (const more of [1, 37]) {
      const longer = textsOf(t, SEQ_LENGTH + more);
      const code = codeOf(() => limitedTexts(longer, SEQ_LENGTH).item(2));
      t.expect(code === 'seq-too-long', () => `${more} tokens too many give ${code}`);
      const cut = limitedTexts(longer, SEQ_LENGTH, true).item(2);
      const wanted = longer.item(2).slice(0, SEQ_LENGTH);
      t.expect(cut.join() === wanted.join(), () => `the text became ${cut}`);
    }
  });

const ADAMW = { optimizer: 'adamw', lr: 0.01 } as const;
/** The last batch of each of these loaders of 100 points. */
const ODD: Readonly<Record<string, LoaderOptions>> = {
  'one of 1': { batchSize: 1 },
  '4 of 32': { batchSize: 32 },
  '10 of 15': { batchSize: 15 },
  '15 of 15': { batchSize: 15, dropLast: true },
  '100 of 1000': { batchSize: 1000 },
};

/** The same for the oracle, with every number that torch has a default of. */
const ADAMW_TOLD = {
  ...ADAMW,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weight_decay: 0.01,
  bias_correction: true,
} as const;
const TINY = { vocab: 24, hidden: 16, intermediate: 24, heads: 2, kv_heads: 1 } as const;

/** The oracle's own graph of the perceptron or, of texts, of the transformer. */
function networkOf(weights: Values, { ids, x }: HostTensors): Network {
  if (x) return { graph: mlpGraph(typesOf(weights), x.shape[0] as number), constants: {} };
  const config = { ...TINY_TRANSFORMER, ...TINY };
  const model = { config, weights, batch: (ids as HostTensor).shape };
  return { graph: llamaGraph(model), constants: constantsOf(model), shift: true };
}

/** The losses of steps on batches of one shape, in float64 and by the oracle's own graph. */
async function oracleLosses(
  weights: Values,
  batches: readonly Examples[],
): Promise<readonly number[]> {
  const { inputs } = batches[0] as Examples;
  const { losses } = await trainingRun({
    ...networkOf(weights, inputs),
    trained: weights,
    batches: batches.map(({ inputs, labels }) => [valuesOfHosts({ ...inputs, labels })]),
    optimizer: ADAMW_TOLD,
    schedule: { name: 'constant' },
    clip: Number.POSITIVE_INFINITY,
  });
  return losses;
}

edgeCases
  .case('odd-step', {
    batch: [...Object.keys(ODD), 'longest texts'].map((name) => name.replaceAll(' ', '-')),
  })
  .tier('full')
  .timeout(120_000)
  .covers('tb.data.edge-cases/odd-batch-step')
  .desc(
    'A step on the last batch of each loader, and on texts of the longest length that were cut to it: two losses, before and after it, finite and within 1e-4 of those of the oracle, which trains in float64 by a graph of its own.',
  )
  .control('steps of the wrong sign', (fault) =>
    fault.launch('adamw_step.scalars', ([hyperparameters, step]) => [
      { ...hyperparameters, lr: -hyperparameters.lr },
      step,
    ]),
  )
  .run(async (t) => {
    const options = ODD[t.params.batch.replaceAll('-', ' ')];
    const cut = limitedTexts(textsOf(t, SEQ_LENGTH + 1), SEQ_LENGTH, true);
    const batches = options
      ? loader(t, options).epoch(0)
      : new DataLoader(cut, collateTexts, { batchSize: 3 }).epoch(0);
    const last = [...batches].at(-1) as Examples;
    const shift = !options;
    using model = options ? spiralModel(t) : tinyTransformer(t, TINY);
    using optimizer = new Optimizer(t.gpu, model.parameters, ADAMW);
    const twice = [last, last];
    const truth = await oracleLosses(valuesOfHosts(await model.parameters.read()), twice);
    const losses = await runMiniTraining(t.gpu, model, twice, optimizer, 2, { shift });
    t.expect(losses.every(Number.isFinite), () => `the losses are ${losses}`);
    expectLosses(t, losses, truth, STEP_LOSS_LIMIT);
  });
