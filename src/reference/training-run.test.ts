import { describe, expect, test } from 'vitest';
import { callOf, mapped } from '../graph/call.ts';
import type { Graph, ValueId, ValueType } from '../graph/graph.ts';
import { crossEntropy } from '../vocabulary/nn/cross_entropy.ts';
import { dropout } from '../vocabulary/nn/dropout.ts';
import { GraphAuthor, typed, typesOf } from './networks/author.ts';
import { convNetGraph, freshStatistics } from './networks/conv-net.ts';
import type { Value, Values } from './record.ts';
import { referenceRunner } from './runner.ts';
import { ACCUMULATION, gradientsOf } from './step/gradients.ts';
import { clip } from './step/stages.ts';
import { storedRunner } from './step/stored-runner.ts';
import { type TrainingRun, trainingRun } from './training-run.ts';

const of = (shape: readonly number[], ...data: readonly number[]): Value => ({
  shape,
  data: Float64Array.from(data),
});
const numbers = (values: Values) => mapped(values, ({ data }) => [...data]);

/** One linear and its loss. */
function linearGraph(weights: Values, p?: number): Graph {
  const features = weights['fc.weight']?.shape[1] as number;
  const x = typed([1, features]);
  const labels = typed([1], 'i32');
  const author = new GraphAuthor({ x, labels }, typesOf(weights));
  const dropped = (value: ValueType) =>
    p === undefined
      ? value
      : author.apply('drop', callOf(dropout, { x: value }, { p, seed: 3 }), value.shape);
  const logits = author.linear('fc', dropped(x));
  const call = callOf(crossEntropy, { logits, labels }, {});
  return author.build({ loss: author.apply('loss', call, [1], 'loss') });
}

const ZEROS: Values = { 'fc.weight': of([2, 2], 0, 0, 0, 0), 'fc.bias': of([2], 0, 0) };
const batch: Values = { x: of([1, 2], 1, 0), labels: of([1], 0) };

/** Two steps at a rate of a half from weights of 0, where both classes are as likely. */
const RUN: TrainingRun = {
  graph: linearGraph(ZEROS),
  constants: {},
  trained: ZEROS,
  batches: [[batch], [batch]],
  optimizer: { optimizer: 'sgd', lr: 0.5 },
  schedule: { name: 'constant' },
  clip: Number.POSITIVE_INFINITY,
};

/** After a step the logits are a half and its negative: the loss, and what is left to learn. */
const SECOND = { loss: Math.log(1 + Math.exp(-1)), other: 1 / (1 + Math.exp(1)) };

describe('a training in float64', () => {
  test('has the losses, norms, rates and weights that are worked out by hand', async () => {
    const ran = await trainingRun({ ...RUN, schedule: { name: 'linear', warmup: 0, total: 2 } });
    expect(ran.losses[0]).toBeCloseTo(Math.LN2, 12);
    expect(ran.losses[1]).toBeCloseTo(SECOND.loss, 12);
    expect(ran.losses).toHaveLength(2);
    // Four gradients of a half; then of what is left.
    expect(ran.grad_norms[0]).toBeCloseTo(1, 12);
    expect(ran.grad_norms[1]).toBeCloseTo(2 * SECOND.other, 12);
    expect([ran.grad_norms.length, ran.lrs, ran.scales, ran.found]).toEqual([
      2,
      [0.5, 0.25],
      [1, 1],
      [false, false],
    ]);
    const { trained, taken, scheduled } = ran.last;
    const after = 0.25 + 0.25 * SECOND.other;
    expect([taken, scheduled]).toEqual([2, 2]);
    expect(trained['fc.bias']?.data[0]).toBeCloseTo(after, 12);
    expect(trained['fc.weight']?.data[2]).toBeCloseTo(-after, 12);
    expect(trained['fc.weight']?.data[1]).toBe(0);
  });

  test('keeps the values and gradients of its first step', async () => {
    const { first } = await trainingRun(RUN);
    const loss = first.values.get(RUN.graph.outputs['loss'] as ValueId);
    expect(loss?.data[0]).toBeCloseTo(Math.LN2, 12);
    expect(numbers(first.gradients)).toEqual({
      'fc.weight': [-0.5, 0, 0.5, 0],
      'fc.bias': [-0.5, 0.5],
    });
  });

  test('scales the loss, and leaves out a step whose gradients overflow', async () => {
    const scaler = { init_scale: 8, growth_factor: 2, backoff_factor: 0.25, growth_interval: 1 };
    const scaled = await trainingRun({ ...RUN, scaler });
    expect([scaled.scales, scaled.found]).toEqual([
      [16, 32],
      [false, false],
    ]);
    expect(numbers(scaled.first.gradients)['fc.bias']).toEqual([-4, 4]);
    expect(scaled.grad_norms[0]).toBeCloseTo(1, 12);
    const over = { ...scaler, init_scale: 2 ** 130 };
    const schedule = { name: 'linear', warmup: 0, total: 2 } as const;
    const ran = await trainingRun({ ...RUN, schedule, scaler: over }, storedRunner('float64'));
    expect([ran.found, ran.scales, ran.lrs]).toEqual([
      [true, false],
      [2 ** 128, 2 ** 128],
      [0.5, 0.5],
    ]);
    expect(ran.losses[1]).toBeCloseTo(Math.LN2, 12);
    expect([ran.last.taken, ran.last.scheduled]).toEqual([1, 1]);
  });

  test('stores weights as its runner does', async () => {
    const [exact = 0, rounded = 0] = (
      await Promise.all([trainingRun(RUN), trainingRun(RUN, storedRunner('float32'))])
    ).map(({ last }) => last.trained['fc.bias']?.data[0]);
    expect(rounded).toBe(Math.fround(rounded));
    expect(exact).not.toBe(Math.fround(exact));
    expect(rounded).toBeCloseTo(exact, 6);
  });

  test('may be done in a wrong way: by other stages, or with other shares of a batch', async () => {
    const still = await trainingRun(RUN, referenceRunner, { stages: [clip] });
    expect(still.losses[1]).toBeCloseTo(Math.LN2, 12);
    const accumulation = { ...ACCUMULATION, shares: (asked: readonly number[]) => asked };
    const parts = { ...RUN, batches: [[batch, batch]] };
    const right = await trainingRun(parts);
    const summed = await trainingRun(parts, referenceRunner, { accumulation });
    expect([right.losses[0], summed.losses[0]]).toEqual([
      expect.closeTo(Math.LN2, 12),
      expect.closeTo(2 * Math.LN2, 12),
    ]);
  });

  test('draws the numbers of a step behind those of the one before', async () => {
    const weights = {
      'fc.weight': of([2, 8], ...Array.from({ length: 16 }, (_, i) => (i % 2 ? -1 : 1) / (i + 1))),
      'fc.bias': of([2], 0, 0),
    };
    const graph = linearGraph(weights, 0.5);
    const given = { x: of([1, 8], 1, 2, 3, 4, 5, 6, 7, 8), labels: of([1], 1) };
    const run = {
      ...RUN,
      graph,
      trained: weights,
      batches: [[given], [given]],
      optimizer: { optimizer: 'sgd', lr: 0 },
    } as const;
    const { losses } = await trainingRun(run);
    // Eight elements take two counts of four numbers each.
    const at = async (position: number) =>
      (await gradientsOf(run, weights, [given], { scale: 1, position }, referenceRunner)).loss;
    expect(losses).toEqual([await at(0), await at(2)]);
    expect(losses[0]).not.toBe(losses[1]);
  });

  test('hands running statistics from step to step', async () => {
    const filled = (x: number, ...shape: readonly number[]) =>
      of(shape, ...new Array<number>(shape.reduce((size, n) => size * n, 1)).fill(x));
    const weights: Values = {
      'conv1.weight': of([1, 1, 3, 3], 0, 0, 0, 0, 1, 0, 0, 0, 0),
      'bn1.weight': filled(1, 1),
      'bn1.bias': filled(0, 1),
      'conv2.weight': filled(0.5, 2, 1, 3, 3),
      'bn2.weight': filled(1, 2),
      'bn2.bias': filled(0, 2),
      'fc.weight': filled(0, 2, 2),
      'fc.bias': filled(0, 2),
    };
    // Half ones, half threes: mean 2. A tenth of that is taken over each time.
    const x = of([2, 1, 2, 4], ...Array.from({ length: 16 }, (_, i) => 1 + 2 * (i % 2)));
    const image: Values = { x, labels: of([2], 0, 1) };
    const { last } = await trainingRun({
      ...RUN,
      graph: convNetGraph(typesOf(weights), [2, 1, 2, 4]),
      trained: weights,
      statistics: freshStatistics(weights),
      batches: [[image], [image]],
      optimizer: { optimizer: 'sgd', lr: 0 },
    });
    expect(last.statistics['bn1.running_mean']?.data[0]).toBeCloseTo(0.9 * 0.2 + 0.2, 6);
  });
});
