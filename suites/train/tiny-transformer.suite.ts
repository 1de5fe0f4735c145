import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { type FitResult, fitModel } from '../../src/train/fit.ts';
import { meanLoss } from '../../src/train/mini-training.ts';
import { expectLosses, float64Training } from './float64.ts';
import { LOSS_LIMIT } from './limits.ts';
import { hundredTexts, loadersOf, tinyTransformer, unlikeLoadersOf } from './tiny-texts.ts';

export const tinyTransformerSuite = suite('train.tiny-transformer', {
  description:
    'A tiny transformer of two blocks learns a hundred texts in epochs, with a table of metrics',
});

const OPTIMIZER = { optimizer: 'adamw', lr: 3e-3 } as const;
const EPOCHS = 3;

/** Three epochs on 80 of a hundred texts, asked about the other 20 after each. */
async function threeEpochs(t: CaseContext, lr: number = OPTIMIZER.lr): Promise<FitResult> {
  using model = tinyTransformer(t);
  const data = loadersOf(t, hundredTexts(t));
  return await fitModel(t.gpu, model, data, {
    epochs: EPOCHS,
    optimizer: { ...OPTIMIZER, lr },
    shift: true,
  });
}

function decreases(losses: readonly number[]): boolean {
  return losses.slice(1).every((loss, i) => loss < (losses[i] as number));
}

tinyTransformerSuite
  .case('table')
  .tier('slow')
  .timeout(600_000)
  .covers('tb.pipeline.basic-training-workflow/results-and-table')
  .desc(
    'The result of three epochs of 20 steps on 80 texts: the final loss is that of the last row, the best epoch that of the lowest validation loss, and each of the three rows has its epoch, the mean loss of its steps and a validation loss.',
  )
  .control('the first epoch for the best', (fault) =>
    fault.host('train.early_stop', (original) => (losses, patience) => ({
      ...original(losses, patience),
      best: 0,
    })),
  )
  .run(async (t) => {
    const { finalLoss, bestEpoch, metrics, losses } = await threeEpochs(t);
    t.expect(metrics.length === EPOCHS, () => `the table has ${metrics.length} rows`);
    t.expect(losses.length === EPOCHS * 20, () => `${losses.length} steps were made`);
    for (const [i, { epoch, trainLoss, valLoss }] of metrics.entries()) {
      const own = losses.slice(20 * i, 20 * (i + 1));
      const mean = own.reduce((sum, loss) => sum + loss, 0) / own.length;
      t.expect(
        epoch === i + 1 && trainLoss === mean && Number.isFinite(valLoss),
        () => `row ${i + 1} is ${epoch}, ${trainLoss}, ${valLoss}, and its steps' mean ${mean}`,
      );
    }
    t.expect(finalLoss === metrics.at(-1)?.trainLoss, () => `the final loss is ${finalLoss}`);
    const lowest = Math.min(...metrics.map(({ valLoss }) => valLoss as number));
    const best = metrics.findIndex(({ valLoss }) => valLoss === lowest) + 1;
    t.expect(bestEpoch === best, () => `epoch ${bestEpoch} is the best, and should be ${best}`);
  });

tinyTransformerSuite
  .case('sizes')
  .tier('slow')
  .timeout(600_000)
  .covers('tb.pipeline.basic-training-workflow/results-and-table')
  .desc(
    'The model has the parameters of two blocks of width 64 with a feed-forward layer of 256 and 1000 tokens; in every step both attend with four heads to 32 tokens of four texts. Each row has the loss of the validation texts after its epoch: of random texts the first epoch is the best, though the training loss goes on to fall.',
  )
  .control('the last epoch for the best', (fault) =>
    fault.host('train.early_stop', (original) => (losses, patience) => ({
      ...original(losses, patience),
      best: losses.length - 1,
    })),
  )
  .run(async (t) => {
    using model = tinyTransformer(t);
    // Embedding and head; of a block two norms, four projections of attention, three linears.
    const parameters = 2 * 1000 * 64 + 64 + 2 * (2 * 64 + 4 * 64 * 64 + 3 * 64 * 256);
    const { count } = model.parameters;
    t.expect(count === parameters, () => `there are ${count} parameters, not ${parameters}`);
    const queries: string[] = [];
    const data = unlikeLoadersOf(t);
    const { bestEpoch, metrics } = await fitModel(t.gpu, model, data, {
      epochs: EPOCHS,
      optimizer: OPTIMIZER,
      shift: true,
      watch: ({ op, inputs, grads }) => {
        if (op.name === 'scaled_dot_product_attention' && !grads)
          queries.push(String(inputs['q']?.shape.join('x')));
      },
      onEpoch: async ({ epoch, valLoss }) => {
        const losses: number[] = [];
        for (const batch of data.validation.epoch(0))
          losses.push(await meanLoss(t.gpu, model, [batch], true));
        const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
        t.expect(
          Math.abs((valLoss as number) - mean) <= LOSS_LIMIT * mean,
          () => `epoch ${epoch}: the validation loss is ${valLoss}, and should be ${mean}`,
        );
      },
    });
    const steps = EPOCHS * data.train.batchCount;
    t.expect(
      queries.length === 2 * steps && queries.every((shape) => shape === '4x4x32x16'),
      () => `queries of ${queries}`,
    );
    const losses = metrics.map(({ trainLoss }) => trainLoss);
    t.expect(decreases(losses), () => `mean losses of the epochs are ${losses}`);
    t.expect(bestEpoch === 1, () => `epoch ${bestEpoch} is the best`);
  });

tinyTransformerSuite
  .case('epoch-losses')
  .tier('slow')
  .timeout(600_000)
  .covers('tb.pipeline.basic-training-workflow/epoch-loss-decreases')
  .desc('The mean training loss of each of three epochs is below that of the one before.')
  .control('steps of the wrong sign', (fault) =>
    fault.launch('adamw_step.scalars', ([hyperparameters, step]) => [
      { ...hyperparameters, lr: -hyperparameters.lr },
      step,
    ]),
  )
  .run(async (t) => {
    const means = (await threeEpochs(t)).metrics.map(({ trainLoss }) => trainLoss);
    t.series('trainLoss', means);
    t.expect(decreases(means), () => `mean losses of the epochs are ${means}`);
  });

tinyTransformerSuite
  .case('frozen')
  .tier('slow')
  .timeout(600_000)
  .covers('tb.pipeline.basic-training-workflow/frozen-optimizer-fails')
  .desc(
    'At a rate of 0 the demand that the loss falls from epoch to epoch is not met, and that is told.',
  )
  .control('a rate that is not 0', (fault) =>
    fault.launch('adamw_step.scalars', ([hyperparameters, step]) => [
      { ...hyperparameters, lr: OPTIMIZER.lr },
      step,
    ]),
  )
  .run(async (t) => {
    const means = (await threeEpochs(t, 0)).metrics.map(({ trainLoss }) => trainLoss);
    t.expect(!decreases(means), () => `a frozen model's mean losses are ${means}`);
  });

tinyTransformerSuite
  .case('float64')
  .tier('slow')
  .timeout(600_000)
  .covers('tb.pipeline.basic-training-workflow/step-losses-match')
  .desc('The losses of the first 20 steps are those of the run in float64 within 1e-3 of each.')
  .control('the count of steps stands still', (fault) =>
    fault.launch('adamw_step.scalars', ([hyperparameters]) => [hyperparameters, 1]),
  )
  .run(async (t) => {
    using model = tinyTransformer(t);
    const { train } = loadersOf(t, hundredTexts(t));
    const settings = { optimizer: OPTIMIZER, shift: true };
    const truth = await float64Training(t.gpu, model, [...train.epoch(0)], settings);
    const { losses } = await fitModel(t.gpu, model, { train }, { epochs: 1, ...settings });
    expectLosses(t, losses, truth.losses, LOSS_LIMIT);
  });
