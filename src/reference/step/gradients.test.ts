import { describe, expect, test } from 'vitest';
import { Random } from '../../tensor/random.ts';
import { typed } from '../networks/author.ts';
import { mlpGraph } from '../networks/mlp.ts';
import type { Value, Values } from '../record.ts';
import { referenceRunner } from '../runner.ts';
import { ACCUMULATION, gradientsOf } from './gradients.ts';

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

  test('of a part without labels are none, and it counts for nothing', async () => {
    const one = await gradientsOf(network(6), trained, whole, PLAIN, referenceRunner);
    const empty = batch(x, IGNORED, IGNORED, IGNORED, IGNORED, IGNORED, IGNORED);
    for (const given of [
      [...whole, empty],
      [empty, ...whole],
    ])
      expect(await gradientsOf(network(6), trained, given, PLAIN, referenceRunner)).toMatchObject({
        loss: one.loss,
        gradients: one.gradients,
      });
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

  test('of a weight that nothing reads are 0', async () => {
    const more = { ...trained, unused: drawn(3) };
    const { gradients } = await gradientsOf(network(6), more, whole, PLAIN, referenceRunner);
    expect(gradients['unused']).toEqual({ shape: [3], data: new Float64Array(3) });
    expect(gradients['fc3.bias']?.data[0]).not.toBe(0);
  });

  test('are at what is trained, given before what else has its name', async () => {
    const options = { ...PLAIN, statistics: { 'fc1.bias': drawn(4) } };
    const constants = { x: drawn(6, FEATURES), 'fc1.bias': drawn(4) };
    const right = await gradientsOf(network(6), trained, whole, PLAIN, referenceRunner);
    const crowded = { ...network(6), constants };
    const { loss } = await gradientsOf(crowded, trained, whole, options, referenceRunner);
    expect(loss).toBe(right.loss);
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

describe('a part of a batch', () => {
  test('weighs as its labels do', () => {
    expect(ACCUMULATION.shares([3, 1, 0])).toEqual([0.75, 0.25, 0]);
  });

  /** How many labels of each part ask something; the parts are not run. */
  async function askedOf(shift: boolean, ...parts: readonly Value[]): Promise<readonly number[]> {
    const shares = (asked: readonly number[]) => {
      throw new Error(asked.join());
    };
    const options = { ...PLAIN, accumulation: { ...ACCUMULATION, shares } };
    const given = parts.map((each) => ({ x, labels: each }));
    const passes = gradientsOf({ ...network(6), shift }, trained, given, options, referenceRunner);
    const counted = await passes.then(String, (error: Error) => error.message);
    return counted.split(',').map(Number);
  }

  test('counts labels that ask something, one ahead all but the first of each sequence', async () => {
    const one = labels(IGNORED, 1, IGNORED, IGNORED, 0, IGNORED);
    const other = labels(1, IGNORED, 0, 0, 1, IGNORED);
    expect(await askedOf(false, one, other)).toEqual([2, 4]);
    expect(await askedOf(true, one, other)).toEqual([2, 3]);
    const sequences = { ...other, shape: [2, 3] };
    expect(await askedOf(true, sequences)).toEqual([2]);
    expect(await askedOf(false, sequences)).toEqual([4]);
  });

  test('draws behind the parts before it, and the next step behind them all', async () => {
    const dropping = { graph: mlpGraph(types, 6, { dropout: { p: 0.5, seed: 1 } }), constants: {} };
    const run = (parts: readonly Values[], position: number) =>
      gradientsOf(dropping, trained, parts, { scale: 1, position }, referenceRunner);
    const [one] = whole as [Values];
    // Two dropouts of 24 numbers, four a count.
    const both = await run([one, one], 5);
    expect(both.position).toBe(5 + 2 * 12);
    const [first, second] = [await run([one], 5), await run([one], 5 + 12)];
    expect(first.position).toBe(17);
    expect(first.loss).not.toBe(second.loss);
    expect(both.loss).toBeCloseTo((first.loss + second.loss) / 2, 12);
    expect(ACCUMULATION.positionOf(3, [10, 20, 40], 0)).toBe(3);
    expect(ACCUMULATION.positionOf(3, [10, 20, 40], 2)).toBe(33);
  });
});
