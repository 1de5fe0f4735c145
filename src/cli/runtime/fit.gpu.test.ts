import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { FlatParameters } from '../../autograd/flat-parameters.ts';
import type { Tape } from '../../autograd/tape.ts';
import { collateExamples, drawnDataset } from '../../data/drawn.ts';
import { DataLoader, type LoaderOptions } from '../../data/loader.ts';
import { drawSpirals } from '../../data/spirals.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { initialLinear } from '../../models/initial.ts';
import { Layers } from '../../models/layers.ts';
import type { Model } from '../../models/model.ts';
import { Random } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { EpochTrainer } from '../../train/epoch-trainer.ts';
import { type EpochRow, fitModel } from '../../train/fit.ts';
import { fitUntilBest } from '../../train/fit-until-best.ts';
import { meanLoss, runMiniTraining } from '../../train/mini-training.ts';
import { Optimizer } from '../../train/optimizer.ts';
import { score } from '../../train/score.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** What a fit over epochs tells, on a software adapter, with a model that drops out. */

let gpu: Gpu;
let scope: Scope;

beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => {
  scope[Symbol.dispose]();
  expect(gpu.memory.ledger.liveBytes).toBe(0);
});

const OPTIMIZER = { optimizer: 'sgd', lr: 0.5 } as const;

/** A linear for the classes of points, behind dropout. */
class Dropped implements Model {
  readonly parameters = new FlatParameters(
    gpu,
    new Map(initialLinear('fc', [2, 2], new Random(1))),
  );

  forward(tape: Tape, { x }: { readonly x: Tensor }): Tensor {
    const layers = new Layers(tape, this.parameters);
    return layers.linear('fc', layers.dropout('dropout', x, 0.25));
  }

  [Symbol.dispose](): void {
    this.parameters[Symbol.dispose]();
  }
}

const modelOf = () => scope.add(new Dropped());
const loaderOf = (length: number, options: LoaderOptions) =>
  new DataLoader(drawnDataset(drawSpirals, length, length), collateExamples, options);
const train = loaderOf(6, { batchSize: 4, seed: 7 });
const validation = loaderOf(5, { batchSize: 3, seed: 8 });
const lowest = (losses: readonly number[]) => losses.indexOf(Math.min(...losses));

test('a fit tells the loss of each epoch, and which was the best', async () => {
  const model = modelOf();
  const rows: EpochRow[] = [];
  const held: number[] = [];
  const onEpoch = async (row: EpochRow) => {
    rows.push(row);
    held.push(await meanLoss(gpu, model, validation.epoch(0)));
  };
  const options = { epochs: 3, optimizer: OPTIMIZER, seed: 20, onEpoch };
  const fit = await fitModel(gpu, model, { train, validation }, options);

  // By hand: each epoch in an order of its own, with random numbers of its own.
  const other = modelOf();
  const optimizer = scope.add(new Optimizer(gpu, other.parameters, OPTIMIZER));
  const epochs: number[][] = [];
  for (const epoch of [0, 1, 2])
    epochs.push(
      await runMiniTraining(gpu, other, train.epoch(epoch), optimizer, undefined, {
        seed: 21 + epoch,
      }),
    );
  expect(fit.losses).toEqual(epochs.flat());
  expect(epochs.map(({ length }) => length)).toEqual([2, 2, 2]);
  const means = epochs.map(([first = 0, second = 0]) => (first + second) / 2);
  expect(rows).toEqual(
    means.map((trainLoss, i) => ({ epoch: i + 1, trainLoss, valLoss: held[i] })),
  );
  expect(fit.metrics).toEqual(rows);
  expect(fit.finalLoss).toBe(means[2]);
  expect(fit.bestEpoch).toBe(lowest(held) + 1);
});

test('a fit without validation goes by the losses of training, and ends when it is told to', async () => {
  const model = modelOf();
  const stop = new AbortController();
  const onEpoch = ({ epoch }: EpochRow) => {
    if (epoch === 2) stop.abort();
  };
  const options = { epochs: 5, optimizer: OPTIMIZER, signal: stop.signal, onEpoch };
  const { metrics, bestEpoch, losses } = await fitModel(gpu, model, { train }, options);
  expect(metrics.map(({ epoch, valLoss }) => [epoch, valLoss])).toEqual([
    [1, undefined],
    [2, undefined],
  ]);
  expect(losses.length).toBe(4);
  expect(bestEpoch).toBe(lowest(metrics.map(({ trainLoss }) => trainLoss)) + 1);
  const none = await fitModel(gpu, model, { train }, { epochs: 0, optimizer: OPTIMIZER });
  expect(none).toMatchObject({ finalLoss: Number.NaN, bestEpoch: 0, metrics: [], losses: [] });
});

test('one batch is enough to train on, and none is refused', async () => {
  const model = modelOf();
  const options = { epochs: 1, optimizer: OPTIMIZER };
  const one = await fitModel(gpu, model, { train: loaderOf(3, { batchSize: 4 }) }, options);
  expect(one.losses.length).toBe(1);
  const none = loaderOf(3, { batchSize: 4, dropLast: true });
  await expect(fitModel(gpu, model, { train: none }, options)).rejects.toMatchObject({
    code: 'empty-dataset',
  });
});

test('a fit until the best keeps what had the lowest held-out loss', async () => {
  const heldOut = drawSpirals(5, new Random(4));
  const config = {
    examples: drawSpirals(6, new Random(3)),
    batchSize: 4,
    optimizer: { optimizer: 'sgd', lr: 2 } as const,
    seed: 5,
  };
  const model = modelOf();
  const trainer = scope.add(new EpochTrainer(gpu, model, config));
  const told: number[] = [];
  const afterEpoch = async () => {
    told.push((await score(gpu, model, heldOut)).loss);
  };
  const options = { heldOut, epochs: 9, patience: 2, afterEpoch };
  const { epochs, best } = await fitUntilBest(gpu, model, trainer, options);
  expect(epochs.map(({ heldOutLoss }) => heldOutLoss)).toEqual(told);
  expect(best).toBe(lowest(told));
  // It stopped after two epochs that were no better, which is before the last.
  expect([told.length, told.length < 9]).toEqual([best + 3, true]);
  expect((await score(gpu, model, heldOut)).loss).toBe(told[best]);

  const again = scope.add(new EpochTrainer(gpu, modelOf(), config));
  for (const { loss } of epochs) {
    const steps: { readonly size: number; readonly loss: number }[] = [];
    for await (const step of again.epoch()) steps.push(step);
    expect(steps.map(({ size }) => size)).toEqual([4, 2]);
    expect(loss).toBe(steps.reduce((sum, step) => sum + step.loss, 0) / 2);
  }

  const few = scope.add(new EpochTrainer(gpu, modelOf(), config));
  const fit = await fitUntilBest(gpu, modelOf(), few, { heldOut, epochs: 2, patience: 9 });
  expect(fit.epochs.length).toBe(2);
});
