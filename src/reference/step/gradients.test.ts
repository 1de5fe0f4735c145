import { describe, expect, test } from 'vitest';
import { Random } from '../../tensor/random.ts';
import { typed } from '../networks/author.ts';
import { mlpGraph } from '../networks/mlp.ts';
import type { Value, Values } from '../record.ts';
import { referenceRunner } from '../runner.ts';
import { gradientsOf } from './gradients.ts';

const FEATURES = 3;
const CLASSES = 2;
const random = new Random(0);
const drawn = (...shape: readonly number[]): Value => ({
  shape,
  data: random.fill(
    shape.reduce((size, n) => size * n, 1),
    () => random.normal(),
  ),
});
const trained: Values = {
  'fc1.weight': drawn(4, FEATURES),
  'fc1.bias': drawn(4),
  'fc2.weight': drawn(4, 4),
  'fc2.bias': drawn(4),
  'fc3.weight': drawn(CLASSES, 4),
  'fc3.bias': drawn(CLASSES),
};
const types = Object.fromEntries(
  Object.entries(trained).map(([name, { shape }]) => [name, typed(shape)]),
);
const network = (batch: number) => ({ graph: mlpGraph(types, batch), constants: {} });

const IGNORED = -100;
const labels = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});

/** Rows of points with labels, as one batch. */
const batch = (x: Value, ...asked: readonly number[]): Values => ({ x, labels: labels(...asked) });
const x = drawn(6, FEATURES);
const rows = (from: number, to: number): Value => ({
  shape: [to - from, FEATURES],
  data: x.data.slice(from * FEATURES, to * FEATURES),
});

const whole = [batch(x, 0, 1, 1, IGNORED, IGNORED, 0)];
const parts = [batch(rows(0, 3), 0, 1, 1), batch(rows(3, 6), IGNORED, IGNORED, 0)];
const PLAIN = { scale: 1, position: 0 };

describe('gradients of micro-batches', () => {
  test('of unlike numbers of labels are together those of the whole batch', async () => {
    const one = await gradientsOf(network(6), trained, whole, PLAIN, referenceRunner);
    const two = await gradientsOf(network(3), trained, parts, PLAIN, referenceRunner);
    expect(two.loss).toBeCloseTo(one.loss, 12);
    for (const [name, { data }] of Object.entries(one.gradients))
      for (const [i, g] of data.entries()) expect(two.gradients[name]?.data[i]).toBeCloseTo(g, 12);
  });

  test('of unlike shapes too, each by a graph of its own', async () => {
    const shaped = {
      ...network(6),
      shapedAs: ({ labels: asked }: Values) => network(asked?.shape[0] as number),
    };
    const unlike = [batch(rows(0, 4), 0, 1, 1, IGNORED), batch(rows(4, 6), IGNORED, 0)];
    const one = await gradientsOf(network(6), trained, whole, PLAIN, referenceRunner);
    const two = await gradientsOf(shaped, trained, unlike, PLAIN, referenceRunner);
    expect(two.loss).toBeCloseTo(one.loss, 12);
    for (const [name, { data }] of Object.entries(one.gradients))
      for (const [i, g] of data.entries()) expect(two.gradients[name]?.data[i]).toBeCloseTo(g, 12);
  });

  test('are those of the scaled loss', async () => {
    const plain = await gradientsOf(network(3), trained, parts, PLAIN, referenceRunner);
    const options = { ...PLAIN, scale: 64 };
    const scaled = await gradientsOf(network(3), trained, parts, options, referenceRunner);
    expect(scaled.loss).toBe(plain.loss);
    const [g, s] = [plain, scaled].map(({ gradients }) => gradients['fc1.weight']?.data[0]);
    expect(s).toBeCloseTo(64 * (g as number), 9);
  });

  test('are the derivative of the loss', async () => {
    const { gradients } = await gradientsOf(network(3), trained, parts, PLAIN, referenceRunner);
    const distance = 1e-6;
    const lossAt = async (by: number) => {
      const moved = (trained['fc2.weight'] as Value).data.slice();
      moved[5] = (moved[5] as number) + by;
      const weights = { ...trained, 'fc2.weight': { shape: [4, 4], data: moved } };
      return (await gradientsOf(network(3), weights, parts, PLAIN, referenceRunner)).loss;
    };
    const slope = ((await lossAt(distance)) - (await lossAt(-distance))) / (2 * distance);
    expect(gradients['fc2.weight']?.data[5]).toBeCloseTo(slope, 8);
  });
});
