import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { drawEpoch } from '../data/epoch.ts';
import type { Examples } from '../data/examples.ts';
import type { DataLoader } from '../data/loader.ts';
import type { AdapterDescription } from '../gpu/device.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { Mlp } from '../models/mlp/mlp.ts';
import type { Model } from '../models/model.ts';
import { SequenceClassifier } from '../models/sequence-classifier/sequence-classifier.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { EpochBatches } from './epoch-batches.ts';
import { EpochTrainer } from './epoch-trainer.ts';
import { type EpochRow, fitModel, machineOf } from './fit.ts';
import { fitUntilBest } from './fit-until-best.ts';
import { countedLosses, rowsOf } from './fixtures/counted-losses.ts';
import { Learner } from './learner.ts';
import { meanLoss, runMiniTraining } from './mini-training.ts';
import { Optimizer } from './optimizer.ts';
import { score } from './score.ts';

test.each([
  [false, 'real-gpu'],
  [true, 'fallback'],
])('a run on an adapter that stands in for a chip (%s) is marked %s', (isFallback, mark) => {
  const adapter = { vendor: 'acme', isFallback } as unknown as AdapterDescription;
  expect(machineOf(adapter)).toEqual({ adapter, mark });
});

const mlp = (gpu: Gpu) => new Mlp(gpu, { inFeatures: 3, hidden: 4, classes: 5 }, new Random(1));
const SGD = { optimizer: 'sgd', lr: 0.5 } as const;
/** A loader of the same batches in every epoch, and the epochs that it was asked for. */
const loaderOf = (...batches: readonly Examples[]) => {
  const asked: number[] = [];
  const epoch = (n: number) => {
    asked.push(n);
    return batches;
  };
  const loader = { batchCount: batches.length, epoch } as unknown as DataLoader<Examples>;
  return { loader, asked };
};

describe('a fit', () => {
  test('is a row for each epoch, and the best by what it was not trained on', async () => {
    // Two batches and what it was not trained on, thrice: the first epoch learns best by itself.
    const all = [...[1, 2, 9], ...[4, 5, 3], ...[7, 8, 6]];
    const { gpu } = await countedLosses((n) => all[n - 1] as number);
    using model = mlp(gpu);
    const held = gpu.memory.ledger.liveBytes;
    const { loader: train, asked } = loaderOf(rowsOf(1, 2), rowsOf(3));
    const { loader: validation, asked: askedOf } = loaderOf(rowsOf(4));
    const rows: EpochRow[] = [];
    const onEpoch = (row: EpochRow) => void rows.push(row);
    const result = await fitModel(
      gpu,
      model,
      { train, validation },
      { epochs: 3, optimizer: SGD, onEpoch },
    );
    expect(result).toEqual({
      finalLoss: 7.5,
      bestEpoch: 2,
      metrics: [
        { epoch: 1, trainLoss: 1.5, valLoss: 9 },
        { epoch: 2, trainLoss: 4.5, valLoss: 3 },
        { epoch: 3, trainLoss: 7.5, valLoss: 6 },
      ],
      losses: [1, 2, 4, 5, 7, 8],
      machine: machineOf(gpu.adapter),
    });
    expect(rows).toEqual(result.metrics);
    expect([asked, askedOf]).toEqual([
      [0, 1, 2],
      [0, 0, 0],
    ]);
    expect(gpu.memory.ledger.liveBytes).toBe(held);
  });

  test('without validation is best where its own loss is lowest', async () => {
    const { gpu } = await countedLosses((n) => 10 - n);
    using model = mlp(gpu);
    const { loader: train } = loaderOf(rowsOf(1), rowsOf(2));
    const result = await fitModel(gpu, model, { train }, { epochs: 2, optimizer: SGD });
    expect(result).toMatchObject({
      ...{ finalLoss: 6.5, bestEpoch: 2 },
      metrics: [
        { epoch: 1, trainLoss: 8.5, valLoss: undefined },
        { epoch: 2, trainLoss: 6.5 },
      ],
    });
  });

  test('ends after the epoch in which it is aborted, and has no loss without one', async () => {
    const { gpu } = await countedLosses();
    using model = mlp(gpu);
    const { loader: train } = loaderOf(rowsOf(1), rowsOf(2));
    const controller = new AbortController();
    const options = { epochs: 5, optimizer: SGD, signal: controller.signal };
    const onStep = (step: number) => {
      if (step === 1) controller.abort();
    };
    const result = await fitModel(gpu, model, { train }, { ...options, onStep });
    expect(result.losses).toEqual([1]);
    const none = await fitModel(gpu, model, { train }, options);
    expect([none.metrics, none.finalLoss]).toEqual([[], Number.NaN]);
  });

  test('asks each label of the position before it, in steps and after them', async () => {
    const { gpu } = await countedLosses();
    using model = mlp(gpu);
    // Shifted, one label of the first batch is asked and three of the other.
    const two = () => loaderOf(rowsOf(1, 2), rowsOf(1, 2, 3, 4)).loader;
    const options = { epochs: 1, optimizer: SGD, accumulation: 2, shift: true };
    const { metrics } = await fitModel(gpu, model, { train: two(), validation: two() }, options);
    const [{ trainLoss, valLoss } = { trainLoss: 0, valLoss: 0 }] = metrics;
    expect([trainLoss, valLoss]).toEqual([(1 + 3 * 2) / 4, (3 + 3 * 4) / 4]);
  });

  test('makes a step of several batches, clipped as its options say', async () => {
    const { gpu, kernels } = await countedLosses();
    using model = mlp(gpu);
    const { loader: train } = loaderOf(rowsOf(1), rowsOf(2), rowsOf(3));
    const options = { epochs: 1, optimizer: SGD, accumulation: 2, max_grad_norm: 1 };
    const { losses } = await fitModel(gpu, model, { train }, options);
    expect(losses).toEqual([1.5, 3]);
    const count = (kernel: string) => kernels.filter((label) => label === kernel).length;
    expect([count('optim/sgd_step'), count('optim/clip_grad_norm')]).toEqual([2, 2]);
  });

  test('draws other numbers in each epoch', async () => {
    const { gpu } = await countedLosses();
    const config = { vocab: 4, heads: 1, headDim: 2, classes: 3, dropout: 0.5 };
    using model = new SequenceClassifier(gpu, config, new Random(1));
    const { loader: train } = loaderOf({
      inputs: {
        ids: hostTensorFrom('i32', [1, 2], [0, 1]),
        mask: hostTensorFrom('u8', [1, 1, 1, 2], [1, 1]),
        share: hostTensorFrom('f32', [1, 2, 1], [0.5, 0.5]),
      },
      labels: hostTensorFrom('i32', [1], [1]),
    });
    const seeds: unknown[] = [];
    await fitModel(
      gpu,
      model as unknown as Model,
      { train },
      {
        ...{ epochs: 2, optimizer: SGD, seed: 10 },
        watch: ({ layer, params, grads }) => {
          if (layer === 'dropout1' && !grads) seeds.push((params as { seed?: number }).seed);
        },
      },
    );
    expect(seeds).toEqual([11, 12]);
  });

  test('of nothing is refused', async () => {
    const { gpu } = await countedLosses();
    using model = mlp(gpu);
    const { loader: train } = loaderOf();
    await expect(fitModel(gpu, model, { train }, { epochs: 1, optimizer: SGD })).rejects.toThrow(
      'the training set gives no batch',
    );
  });
});

describe('steps without epochs', () => {
  test('are as many as are asked for, and none below one', async () => {
    const { gpu } = await countedLosses();
    using model = mlp(gpu);
    using optimizer = new Optimizer(gpu, model.parameters, SGD);
    const batches = [rowsOf(1), rowsOf(2), rowsOf(3)];
    const told: number[][] = [];
    const onStep = (step: number, loss: number) => void told.push([step, loss]);
    const losses = await runMiniTraining(gpu, model, batches, optimizer, 2, { onStep });
    expect([losses, told, optimizer.step]).toEqual([
      [1, 2],
      [
        [1, 1],
        [2, 2],
      ],
      2,
    ]);
    expect(await runMiniTraining(gpu, model, batches, optimizer, 0)).toEqual([]);
    expect(await runMiniTraining(gpu, model, batches, optimizer, 1)).toEqual([3]);
    expect(await runMiniTraining(gpu, model, batches, optimizer)).toEqual([4, 5, 6]);
    expect(optimizer.step).toBe(6);
  });

  test('leave a mean loss that weighs batches by what they ask', async () => {
    const { gpu } = await countedLosses();
    using model = mlp(gpu);
    const held = gpu.memory.ledger.liveBytes;
    const batches = [rowsOf(1, 2), rowsOf(3, -100, -100)];
    expect(await meanLoss(gpu, model, batches)).toBeCloseTo((2 * 1 + 1 * 2) / 3, 6);
    expect(gpu.memory.ledger.liveBytes).toBe(held);
  });
});

describe('a model that is asked', () => {
  test('has a score of the labels that ask, and the loss', async () => {
    const { gpu } = await countedLosses((n) => n / 4, [2, 1, 0, 1, 0, 0]);
    using model = mlp(gpu);
    const held = gpu.memory.ledger.liveBytes;
    // More rows than classes.
    expect(await score(gpu, model, rowsOf(2, 0, -100, 1, -100, -100))).toEqual({
      ...{ right: 2, asked: 3, loss: 0.25 },
    });
    expect(gpu.memory.ledger.liveBytes).toBe(held);
  });

  test('is not asked where a label is no class', async () => {
    const { gpu } = await countedLosses();
    using model = mlp(gpu);
    const held = gpu.memory.ledger.liveBytes;
    await expect(score(gpu, model, rowsOf(2, -1))).rejects.toThrow(
      expect.objectContaining({ code: 'bad-label' }),
    );
    expect(gpu.memory.ledger.liveBytes).toBe(held);
  });

  test('by a learner is asked in its format, after steps on what it draws', async () => {
    const { gpu, kernels } = await countedLosses((n) => n, [2, 1]);
    using model = mlp(gpu);
    const held = gpu.memory.ledger.liveBytes;
    const learner = new Learner(gpu, model, {
      draw: (count) => rowsOf(...Array.from({ length: count }, (_, i) => i)),
      ...{ batchSize: 2, optimizer: SGD, autocast: 'bfloat16', seed: 3, max_grad_norm: 1 },
    });
    const parts = await learner.step();
    expect(parts?.map(({ labels }) => [...labels.data])).toEqual([[0, 1]]);
    expect(kernels).toContain('optim/clip_grad_norm');
    const casts = () => kernels.filter((label) => label === 'math/cast').length;
    const before = casts();
    expect(before).toBeGreaterThan(0);
    expect(await learner.score(rowsOf(2, 2))).toEqual({ right: 1, asked: 2, loss: 2 });
    expect(casts()).toBeGreaterThan(before);
    learner[Symbol.dispose]();
    expect(gpu.memory.ledger.liveBytes).toBe(held);
  });
});

describe('epochs until the held-out loss no longer falls', () => {
  /** Three steps an epoch, and what is held out behind them. */
  const LOSSES = [
    ...[1, 2, 3, 50],
    ...[4, 5, 6, 30],
    ...[7, 8, 9, 40],
    ...[7, 8, 12, 30],
    ...[1, 1, 1, 1],
  ];
  const run = async (epochs: number, patience: number) => {
    const { gpu } = await countedLosses((n) => LOSSES[n - 1] as number);
    using model = mlp(gpu);
    const config = { examples: rowsOf(0, 1, 2, 3, 4), batchSize: 2, optimizer: SGD, seed: 3 };
    using trainer = new EpochTrainer(gpu, model, config);
    let after = 0;
    const fit = await fitUntilBest(gpu, model, trainer, {
      ...{ heldOut: rowsOf(1), epochs, patience },
      afterEpoch: async () => void after++,
    });
    return { fit, after, step: (await trainer.checkpoint()).step };
  };

  test('go on as long as patience lasts, and back to the best', async () => {
    expect(await run(9, 2)).toEqual({
      fit: {
        epochs: [
          { loss: 2, heldOutLoss: 50 },
          { loss: 5, heldOutLoss: 30 },
          { loss: 8, heldOutLoss: 40 },
          { loss: 9, heldOutLoss: 30 },
        ],
        best: 1,
      },
      ...{ after: 4, step: 6 },
    });
  });

  test('are no more than are allowed', async () => {
    const { fit, step } = await run(1, 2);
    expect([fit.best, fit.epochs.length, step]).toEqual([0, 1, 3]);
  });

  test('go back to the best where they end before patience does', async () => {
    const { fit, step } = await run(3, 2);
    expect([fit.best, fit.epochs.length, step]).toEqual([1, 3, 6]);
  });

  test('tell the size and the loss of each step, in an order drawn from the seed', async () => {
    const next = vi.spyOn(EpochBatches.prototype, 'next');
    onTestFinished(() => next.mockRestore());
    const { gpu, kernels } = await countedLosses();
    using model = mlp(gpu);
    const held = gpu.memory.ledger.liveBytes;
    const config = {
      ...{ examples: rowsOf(0, 1, 2, 3, 4), batchSize: 2, optimizer: SGD, seed: 3 },
      max_grad_norm: 1,
    };
    const trainer = new EpochTrainer(gpu, model, config);
    const steps = [];
    for await (const step of trainer.epoch()) steps.push(step);
    expect(steps).toEqual([
      { size: 2, loss: 1 },
      { size: 2, loss: 2 },
      { size: 1, loss: 3 },
    ]);
    const labelsOf = (parts: readonly Examples[] = []) =>
      parts.map(({ labels }) => [...labels.data]);
    expect(next.mock.results.flatMap(({ value }) => labelsOf(value))).toEqual(
      labelsOf(drawEpoch(config.examples, 2, new Random(3))),
    );
    expect(kernels.filter((label) => label === 'optim/clip_grad_norm')).toHaveLength(3);
    trainer[Symbol.dispose]();
    expect(gpu.memory.ledger.liveBytes).toBe(held);
  });
});
